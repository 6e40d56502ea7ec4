"""Converting a request of the server (ASGI) for Django (WSGI)."""

from healthcode.web.wsgi import environ_of, headers_of
from tests.web.asking import scope


def environ(path: str = "/", *headers: tuple[bytes, bytes]) -> dict[str, object]:
    said = scope(path, list(headers))
    return environ_of(said, headers_of(said), b"")


def test_headers_become_variables() -> None:
    found = environ(
        "/", (b"content-type", b"a/b"), (b"content-length", b"3"), (b"x-one", b"\xe4\xb8\xad")
    )
    assert found["CONTENT_TYPE"] == "a/b"
    assert found["CONTENT_LENGTH"] == "3"
    assert found["HTTP_X_ONE"] == "中".encode().decode("latin-1")
    assert "HTTP_CONTENT_TYPE" not in found


def test_a_header_that_came_twice_is_joined() -> None:
    found = environ("/", (b"cookie", b"a=1"), (b"x", b"1"), (b"cookie", b"b=2"), (b"x", b"2"))
    assert found["HTTP_COOKIE"] == "a=1; b=2"
    assert found["HTTP_X"] == "1,2"


def test_what_only_a_proxy_may_say_cannot_be_said_with_an_underscore() -> None:
    """As WSGI variables both names are the same, so the last header would win."""
    found = environ("/", (b"x-forwarded-for", b"192.0.2.9"), (b"x_forwarded_for", b"10.0.0.1"))
    assert found["HTTP_X_FORWARDED_FOR"] == "192.0.2.9"
    assert "HTTP_X_FORWARDED_FOR" not in environ("/", (b"x_forwarded_for", b"10.0.0.1"))


def test_the_path_is_decoded_once_and_byte_by_byte() -> None:
    assert environ("/%E4%B8%AD%2525")["PATH_INFO"] == "/中%25".encode().decode("latin-1")
    assert environ("/%ff")["PATH_INFO"] == "/\xff"


def test_who_calls_and_where() -> None:
    found = environ()
    assert (found["REMOTE_ADDR"], found["SERVER_NAME"], found["SERVER_PORT"]) == (
        "192.0.2.1",
        "127.0.0.1",
        "8000",
    )

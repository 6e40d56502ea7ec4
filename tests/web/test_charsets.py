"""Only this service chooses how a request is decoded: as UTF-8, whatever the request says."""

import encodings
import pkgutil
from collections.abc import Callable
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client

from accounts.models import Account, Grant, Role
from healthcode.web.charsets import FILES, OnlyUtf8, is_utf_8
from tests.areas.conftest import staff

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

MODULES = {module.name for module in pkgutil.iter_modules(encodings.__path__)}
CODECS = {*aliases, *(name.replace("_", "-") for name in aliases), *aliases.values(), *MODULES}
CODECS |= {"utf-8-sig", "UTF-7", "Punycode", "", "no-such"}
CODECS -= {"utf-8", "utf8"}
TYPES = (
    *("application/json", "application/x-www-form-urlencoded", "application/x-ndjson"),
    *("text/csv", "text/plain", "multipart/form-data; boundary=x"),
)
PATHS = (
    *("/officer/map", "/login", "/staff/login", "/language", "/api/v1/auth/otp", "/healthz"),
    *("/api/v1/oauth/token", "/api/v1/scans", "/api/v1/scans/batch", "/api/v1/verifications"),
    *("/api/v1/areas/levels", "/api/v1/evidence/stays", "/no/such/address"),
)
SPELLINGS = (
    *("charset=utf_8", "charset=u8", "charset=cp65001", "charset='utf-8'", "charset =utf-8"),
    *("charset= utf-8", "charset\t=hex", "charset\xa0=hex", "charset=utf-8x", "charset=utf-8,hex"),
    *("charset=utf-8; charset=hex", "charset=hex; charset=utf-8", 'charset="ut\\f-8"', "charset"),
    *("charset*=hex''41", "charset*=utf-8''utf-8", "charset*0=pun; charset*1=ycode"),
    *("boundary*=no-such''x", "x*=punycode''x", "charset=utf-8;charset*=hex''41"),
)


class WsgiAnswer(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


def ask(asked: "WSGIApplication", path: str, **environ: object) -> WsgiAnswer:
    """Send one request as a server does."""
    request: WSGIEnvironment = {"PATH_INFO": path, **environ}
    setup_testing_defaults(request)
    said: list[tuple[str, list[tuple[str, str]]]] = []
    parts = asked(request, lambda status, headers, *_: said.append((status, headers)))  # type: ignore[arg-type,return-value]
    body = b"".join(parts)
    ((status, headers),) = said
    return WsgiAnswer(status, dict(headers), body)


class Untouchable:
    """A body that raises when somebody reads it."""

    def read(self, *_: int) -> bytes:
        raise AssertionError("The body was read.")

    readline = readlines = __iter__ = read


@pytest.fixture(scope="module")
def service() -> "WSGIApplication":
    return OnlyUtf8(get_wsgi_application())


def send(service: "WSGIApplication", path: str, content_type: str, **environ: Any) -> WsgiAnswer:
    """Send a request as a server does, on the test's own connection to the database."""
    request = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": "60000",
        "wsgi.input": Untouchable(),
        "HTTP_ACCEPT_LANGUAGE": "en",
        **environ,
    }
    ends = (signals.request_started, signals.request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        return ask(service, path, **request)
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


def test_python_has_decoders_enough_to_try() -> None:
    assert len(CODECS) > 300
    assert {"punycode", "hex", "idna", "utf_7", "zlib", "rot13", "utf_8_sig"} <= CODECS


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize("path", PATHS)
def test_no_decoder_of_pythons_is_taken(
    service: "WSGIApplication", path: str, media_type: str
) -> None:
    for codec in sorted(CODECS):
        answer = send(service, path, f"{media_type}; charset={codec}")
        assert answer.status == "415 Unsupported Media Type", codec
        assert b"/problems/unsupported-media-type" in answer.body
        assert b"Send the body in UTF-8" in answer.body


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_readers_of_headers_do_not_agree_on_is_refused(
    service: "WSGIApplication", spelling: str
) -> None:
    for media_type in TYPES:
        answer = send(service, "/officer/map", f"{media_type}; {spelling}")
        assert answer.status.startswith("415"), media_type


@pytest.mark.parametrize("name", ["utf-8", "UTF-8", "utf8", "Utf8", '"utf-8"'])
@pytest.mark.parametrize("ends", ["", "; x=y", " ; x=y", " "])
def test_utf_8_is_taken(name: str, ends: str) -> None:
    assert is_utf_8(f"application/json; charset={name}{ends}")
    assert is_utf_8("application/json")
    assert is_utf_8("")


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in PATHS if path not in FILES])
def test_files_go_to_the_pages_that_take_some(service: "WSGIApplication", path: str) -> None:
    for media_type in ("multipart/form-data; boundary=x", " Multipart/Mixed; boundary=x"):
        assert send(service, path, media_type).status.startswith("415")


BOUNDARY = "one-part"
CSV = "code,level\n33,green\n"


def upload(officer: Client, disposition: str, content_type: str) -> Any:
    part = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n"
        f"Content-Type: {content_type}\r\n\r\n{CSV}\r\n--{BOUNDARY}--\r\n"
    )
    media_type = f"multipart/form-data; boundary={BOUNDARY}"
    return officer.generic("POST", "/officer/map", part, content_type=media_type)


@pytest.fixture
def officer(db: None, client: Client) -> Client:
    client.cookies["language"] = "en"
    client.force_login(staff("officer", Role.OFFICER, "33"))
    return client


@pytest.mark.parametrize(
    ("disposition", "content_type"),
    [
        *(('name="file"; filename="a.csv"', f"text/csv; charset={codec}") for codec in
          ("gb18030", "punycode", "hex", "utf-16", "utf_8", "utf-8; charset=hex")),
        *((f"name*={codec}''file; filename=\"a.csv\"", "text/csv") for codec in
          ("punycode", "hex", "no-such", "gb18030")),
        ("name=\"file\"; filename*=hex''41", "text/csv"),
        ("name=\"file\"; filename*0*=idna''a; filename*1=b", "text/csv"),
        ('name="file"; filename="a.csv"', "text/csv; charset*=hex''41"),
    ],
)  # fmt: skip
def test_no_part_of_a_form_names_another(
    officer: Client, disposition: str, content_type: str
) -> None:
    answer = upload(officer, disposition, content_type)
    assert answer.status_code == 415
    assert "Send the body in UTF-8" in answer.content.decode()


@pytest.mark.parametrize(
    ("disposition", "content_type"),
    [
        ('name="file"; filename="浙江.csv"', "text/csv"),
        ('name="file"; filename="a.csv"', 'text/csv; charset="UTF-8"'),
        ("name=\"file\"; filename*=UTF-8''%E6%B5%99%E6%B1%9F.csv", "text/csv; charset=utf-8"),
        ('name="file"; filename="charset=hex.csv"', "text/csv"),
    ],
)
def test_what_browsers_send_is_read(officer: Client, disposition: str, content_type: str) -> None:
    """The form lacks a day and a ground, and the page says so."""
    assert upload(officer, disposition, content_type).status_code == 422


@pytest.fixture
def cookies(db: None) -> Callable[[Account | None], str]:
    """Return the cookies of a browser: of somebody, or of a stranger with a CSRF token."""

    def made(account: Account | None) -> str:
        client = Client(enforce_csrf_checks=True)
        client.get("/staff/login")
        if account is not None:
            client.force_login(account)
        return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())

    return made


@pytest.mark.parametrize("media_type", ["multipart/form-data; boundary=x", TYPES[1]])
def test_nothing_is_read_of_who_may_not_see_the_page(
    service: "WSGIApplication",
    cookies: Callable[[Account | None], str],
    media_type: str,
) -> None:
    """This page accepts 16 MiB, which are parsed only for officers."""
    resident = Account.objects.create(phone_index=b"r" * 32)
    Grant.objects.create(account=resident, role=Role.RESIDENT)
    for account, status in ((None, "302"), (resident, "403")):
        answer = send(
            service,
            "/officer/map",
            media_type,
            CONTENT_LENGTH=str(16 * 1024 * 1024),
            HTTP_COOKIE=cookies(account),
        )
        assert answer.status.startswith(status)


CALLS = (
    *(("POST", path) for path in ("/api/v1/scans", "/api/v1/scans/batch", "/api/v1/verifications")),
    *(("POST", path) for path in ("/api/v1/evidence/stays", "/api/v1/people", "/api/v1/presences")),
    ("PUT", "/api/v1/areas/levels"),
)


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("media_type", TYPES[:4])
def test_nothing_is_read_of_a_call_without_a_token(
    service: "WSGIApplication", method: str, path: str, media_type: str
) -> None:
    answer = send(service, path, media_type, REQUEST_METHOD=method)
    assert answer.status.startswith("401")

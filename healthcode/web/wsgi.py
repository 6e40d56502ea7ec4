"""A request as Django takes it (WSGI, PEP 3333), made from one as the server gives it (ASGI).

Django's own ASGI handler would call every view, which are all synchronous, through layers of tasks
and threads that cost more than the way through the framework.
"""

import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Scope = dict[str, Any]

_ALIKE: Final = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
_PLAIN: Final = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class RawResponse(NamedTuple):
    """What is sent back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def environ_of(scope: Scope, headers: dict[bytes, bytes], body: bytes) -> "WSGIEnvironment":
    """The request with its whole body."""
    client, server = scope["client"], scope["server"]
    environ: dict[str, Any] = {
        **_ALIKE,
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
    }
    for name, value in headers.items():
        environ[_PLAIN.get(name) or _variable(name)] = value.decode("latin-1")
    return environ


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by their names, one that came several times joined.

    Names with underscores are left out: as variables they are the same as those with dashes, so
    that a caller could say what only a proxy may.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found:
            found[name] += (b"; " if name == b"cookie" else b",") + value
        elif b"_" not in name:
            found[name] = value
    return found


def ask(application: "WSGIApplication", environ: "WSGIEnvironment") -> RawResponse:
    """The application's whole answer; no view of ours streams one."""
    said: list[tuple[int, list[tuple[bytes, bytes]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        said.append((int(status[:3]), raw))
        return None

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = said[-1]
    return RawResponse(status, headers, body)


def _variable(name: bytes) -> str:
    return "HTTP_" + name.decode("latin-1").upper().replace("-", "_")

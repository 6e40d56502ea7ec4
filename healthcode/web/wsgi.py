"""Convert a request from the server's form (ASGI) to the one that Django takes (WSGI, PEP 3333).

Django's own ASGI handler is not used. All views are synchronous, and it would call them through
layers of tasks and threads that cost more than the framework itself.
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
    """An answer as status, headers and body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def environ_of(scope: Scope, headers: dict[bytes, bytes], body: bytes) -> "WSGIEnvironment":
    """Return the WSGI environment of a request with its whole body."""
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
    """Return the headers by name; the values of a repeated header are joined.

    Names with underscores are left out. As WSGI variables they equal the names with hyphens, so a
    caller could set headers that only a proxy may set.
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found:
            found[name] += (b"; " if name == b"cookie" else b",") + value
        elif b"_" not in name:
            found[name] = value
    return found


def ask(application: "WSGIApplication", environ: "WSGIEnvironment") -> RawResponse:
    """Return the application's whole answer, because no view of this service streams."""
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

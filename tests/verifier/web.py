"""A real web server on which authorities publish."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.verifier.authority import Authority

WELL_KNOWN = "/.well-known/health-code"


@dataclass
class Web:
    """A real web server: its answers by path, and the requests that it got."""

    base_url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    gates: dict[str, threading.Barrier] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def publish(
        self, authority: Authority, *, at: datetime, superseded: tuple[int, ...] = ()
    ) -> None:
        self.bodies[f"{WELL_KNOWN}/keys"] = authority.keys()
        self.bodies["/s/20200209"] = authority.status_list(at=at, superseded=superseded)
        document = {
            "issuer": authority.name,
            "jwks_uri": authority.keys_uri,
            "status_lists": [authority.list_uri],
        }
        self.bodies[f"{WELL_KNOWN}/"] = json.dumps(document).encode()


@contextmanager
def serving() -> Iterator[Web]:
    """Run a web server while the block runs."""
    site = Web()

    class SiteHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if gate := site.gates.get(self.path):
                gate.wait(4)
            body = site.bodies.get(self.path)
            etag = f'"{hash(body)}"'
            site.asked.append((self.path, self.headers.get("If-None-Match")))
            status = site.statuses.get(self.path, 200 if body is not None else 404)
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status = 304
            self.send_response(status)
            self.send_header("ETag", etag)
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if status == 200 and body is not None:
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), SiteHandler)
    site.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A witness in memory that speaks HTTP, made of the core alone, with the faults that tests want."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from healthcode.core.errors import CoreError
from healthcode.core.log.checkpoints import Checkpoint, NoteSigner
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.witness import (
    SIZE_TYPE,
    AddCheckpoint,
    OtherSize,
    cosign,
    encode_request,
    judge,
    note_to_keep,
    parse_request,
)
from tests.core.log.trees import MemoryLog, ml_dsa

Reply = tuple[int, str, bytes]


class MemoryWitness:
    """A witness of one log. `reply` replaces its answer; `at` is its clock."""

    def __init__(self, name: str, watched: LogPolicy, at: int) -> None:
        self.name, self.watched, self.at = name, watched, at
        self.signer: NoteSigner = ml_dsa(f"{name}.example/witness")
        self.last: Checkpoint | None = None
        self.kept = b""
        self.requests: list[AddCheckpoint] = []
        self.reply: Callable[[], Reply] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/witness"

    @property
    def line(self) -> str:
        """Return the line of a policy that names this witness."""
        return f"witness {self.name} {self.signer.key} {self.url}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def see(self, log: MemoryLog) -> None:
        """Cosign the newest checkpoint of a log, as if the log had asked."""
        old = self.last.size if self.last else 0
        request = AddCheckpoint(old, tuple(log.consistency(old)), log.note())
        assert self.take(encode_request(request))[0] == 200

    def take(self, body: bytes) -> Reply:
        request = parse_request(body)
        self.requests.append(request)
        if self.reply is not None:
            return self.reply()
        try:
            self.last = judge(request, last=self.last, watched=self.watched, at=self.at)
        except OtherSize as other:
            return 409, SIZE_TYPE, f"{other.size}\n".encode()
        except CoreError:
            return 422, "application/problem+json", b"{}"
        lines = cosign(request.note, [self.signer], self.at)
        self.kept = note_to_keep(request.note, self.watched, lines)
        return 200, "text/plain", "".join(map(str, lines)).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        witness = self

        class WitnessHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/witness/add-checkpoint"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, media_type, answer = witness.take(body)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return WitnessHandler

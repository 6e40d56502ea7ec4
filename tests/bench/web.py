"""Run a web server to measure, and call it from one process.

The calls are prepared bytes, and the answers are hardly parsed, because what a caller costs is
taken from the server's processors.
"""

import asyncio
import http.client
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from healthcode.tools.run import children
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import SERVICE
from healthcode.tools.run.service import granian
from tests.bench.stage import Stage

WARM_UP_SECONDS = 1.0

Making = Callable[[], bytes]
"""Make the next request to send."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server's address, and its process, whose children are the workers."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def serving(stage: Stage, database: str, *, workers: int) -> Iterator[Server]:
    """Run the service as it is shipped, with this many processes, and the bare views."""
    port = reserve()
    environment = {
        **os.environ,
        "DATABASE_URL": stage.postgres.url(database, user=SERVICE),
        "DJANGO_SETTINGS_MODULE": "tests.bench.served",
    }
    command = granian("127.0.0.1", port, workers=workers)
    with (stage.folder / "web.log").open("ab") as log:
        process = children.start(command, output=log, environment=environment)
    try:
        _wait(port)
        yield Server(port, process)
    finally:
        children.stop(process)


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return a request as bytes."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class KeptConnection(asyncio.Protocol):
    """A kept-alive connection with one call at a time. Call `hang_up` if it breaks."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[int] | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.is_open = transport, True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError())

    def ask(self, sent: bytes) -> "asyncio.Future[int]":
        """Send a request; return the status of the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(sent)
        return self._answer

    def hang_up(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)
        if len(self._received) >= end + 4 + length and self._answer is not None:
            self._received.clear()
            if not self._answer.done():
                self._answer.set_result(int(head[9:12]))


async def dial(port: int) -> KeptConnection:
    """Open a new connection."""
    _transport, line = await asyncio.get_running_loop().create_connection(
        KeptConnection, "127.0.0.1", port
    )
    return line


def rate(port: int, making: Making, *, callers: int, seconds: float) -> float:
    """Return the answers a second to `callers` that call again as soon as they have an answer.

    A refusal because no place is free (503) is not an answer. It lowers the rate, and the call is
    repeated.
    """
    return asyncio.run(_rate(port, making, callers, seconds))


async def _rate(port: int, making: Making, callers: int, seconds: float) -> float:
    lines = [await dial(port) for _ in range(callers)]
    began = time.perf_counter() + WARM_UP_SECONDS
    ends: deque[float] = deque()

    async def call(line: KeptConnection) -> None:
        while time.perf_counter() < began + seconds:
            status = await line.ask(making())
            if status == 503:
                continue
            assert status == 200, f"Answered {status}"
            ends.append(time.perf_counter())

    await asyncio.gather(*map(call, lines))
    for line in lines:
        line.hang_up()
    return sum(began <= end < began + seconds for end in ends) / seconds


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("The web server does not answer after a minute.")

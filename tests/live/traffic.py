"""Callers of every kind that keep calling while something fails, and the answers they got."""

import http.client
import json
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.live.service import LiveService

PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 30


class TrafficAnswer(NamedTuple):
    """One answer. Status 0 means that there was none."""

    status: int
    seconds: float
    retry_after: str | None
    body: bytes


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None


Asking = Callable[[], Request]


@dataclass
class Traffic:
    """The callers by name, and the answers to each, in order."""

    port: int
    callers: dict[str, Asking]
    told: dict[str, list[TrafficAnswer]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def during(self, *, each: int = 1) -> Iterator[None]:
        """Run the callers, each of them `each` times in parallel, until the block ends."""
        over = threading.Event()
        threads = [
            threading.Thread(target=self._call, args=[name, asking, over])
            for name, asking in self.callers.items()
            for _ in range(each)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(2 * PATIENCE_SECONDS)

    def _call(self, name: str, asking: Asking, over: threading.Event) -> None:
        while not over.is_set():
            self.told[name].append(ask(self.port, asking()))
            over.wait(PAUSE_SECONDS)

    def figures(self) -> str:
        """Return a line of figures for each caller."""
        return "\n".join(f"  {name:14} {_figure(told)}" for name, told in self.told.items())


def ask(port: int, request: Request) -> TrafficAnswer:
    """Make one call on a new connection."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(request.method, request.path, request.body, request.headers)
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.monotonic() - began
        return TrafficAnswer(answer.status, seconds, answer.headers.get("Retry-After"), body)
    except (OSError, http.client.HTTPException) as error:
        return TrafficAnswer(0, time.monotonic() - began, None, repr(error).encode())
    finally:
        connection.close()


def callers(service: LiveService, code: str) -> dict[str, Asking]:
    """Return a door, a phone, an officer, a reader of pages, and the probes."""
    demo = service.demo
    door, resident, officer = demo["device"], demo["resident"], demo["officer"]

    def scan() -> Request:
        body = json.dumps({"id": str(uuid.uuid4()), "code": code}).encode()
        return Request("POST", "/api/v1/scans", _bearer(door["token"]), body)

    def get(path: str, **headers: str) -> Asking:
        return lambda: Request("GET", path, headers)

    phone = f"/api/v1/people/{resident['person']}/code"
    return {
        "door": scan,
        "phone": get(phone, **_bearer(resident["token"])),
        "officer": get("/api/v1/recomputations/1", **_bearer(officer["token"])),
        "reader": get("/about", Accept="text/html"),
        "healthz": get("/healthz"),
        "readyz": get("/readyz"),
        "metrics": get("/metrics"),
    }


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _figure(told: list[TrafficAnswer]) -> str:
    by_status: dict[int, list[float]] = defaultdict(list)
    for one in told:
        by_status[one.status].append(one.seconds)
    return "; ".join(
        f"{len(seconds)} × {status or 'no answer'}, the slowest {max(seconds):.2f} s"
        for status, seconds in sorted(by_status.items())
    )

"""Parts of the service are killed, one and two at a time, while everybody uses it.

Everything that was answered is still there afterwards, and everybody has the colour that `decide()`
computes. Requests in between may fail, but only with an answer that says to try again.
"""

import contextlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from tests.live.service import LiveService, ServiceAnswer, running
from tests.live.test_crashes import assert_colours_are_right, publish_the_opposite, wait_for

pytestmark = pytest.mark.more

PARTS = {
    "web": r"-m granian",
    "worker": r"celery.* worker",
    "beat": r"celery.* beat",
    "valkey": r"valkey-server",
    "postgres": r"postgres -D",
}
TOGETHER = [(part,) for part in PARTS] + [("web", "postgres"), ("worker", "valkey")]


class HeardService(LiveService):
    """A service that keeps its answers with a server error."""

    def __init__(self, var: Path) -> None:
        super().__init__(var)
        self.failures: list[ServiceAnswer] = []

    def call(
        self, method: str, path: str, *, token: str | None = None, json_body: object = None
    ) -> ServiceAnswer:
        """Call the service, and keep the answer if it is a server error."""
        answer = super().call(method, path, token=token, json_body=json_body)
        if answer.status >= 500:
            self.failures.append(answer)
        return answer


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeardService]:
    with running(HeardService(tmp_path_factory.mktemp("killed") / "var")) as service:
        yield service


@dataclass
class Load:
    """Doors, a resident and an officer at work. The answers to each are recorded."""

    live: LiveService
    code: str
    scans: list[str] = field(default_factory=list)
    declared: int = 0
    maps: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        """Start four doors, one resident, one officer."""
        work = [self._scan, self._scan, self._scan, self._scan, self._declare, self._publish]
        self.threads = [threading.Thread(target=self._repeat, args=(one,)) for one in work]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Let all callers finish their current call."""
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _repeat(self, once: Callable[[], None]) -> None:
        while not self.over.is_set():
            # A killed service does not answer. What was not answered may be lost.
            with contextlib.suppress(OSError, HTTPException, AssertionError, KeyError):
                once()

    def _scan(self) -> None:
        scan = {"id": str(uuid.uuid4()), "code": self.code}
        token = self.live.demo["device"]["token"]
        if self.live.call("POST", "/api/v1/scans", token=token, json_body=scan).status == 200:
            self.scans.append(scan["id"])

    def _declare(self) -> None:
        resident = self.live.demo["resident"]
        well = {"person": resident["person"], "symptoms": [], "stays": []}
        answer = self.live.call(
            "POST",
            "/api/v1/declarations",
            token=resident["token"],
            json_body=well | {"contact_with_case": False},
        )
        self.declared += answer.status == 201
        # One person may declare twenty times a day, and there are seven scenes.
        self.over.wait(10)

    def _publish(self) -> None:
        self.maps.append(publish_the_opposite(self.live).body["act"])
        # Each map touches nearly everybody, and all recomputations must be done afterwards.
        self.over.wait(5)


def asked(live: LiveService, query: str, *values: Any) -> Any:
    with contextlib.closing(psycopg2.connect(live.environment()["DATABASE_URL"])) as connection:
        cursor = connection.cursor()
        cursor.execute(query, values)
        return cursor.fetchone()[0]


def declarations(live: LiveService) -> int:
    return int(asked(live, "SELECT count(*) FROM evidence_evidence WHERE kind = 'declaration'"))


@pytest.fixture(scope="module")
def code(live: LiveService) -> str:
    """A card of the demo's resident, which a door can scan all day."""
    resident = live.demo["resident"]
    well = {"person": resident["person"], "symptoms": [], "stays": [], "contact_with_case": False}
    live.call("POST", "/api/v1/declarations", token=resident["token"], json_body=well)
    path = f"/api/v1/people/{resident['person']}/code?kind=paper"
    return str(live.call("GET", path, token=resident["token"]).body["code"])


@pytest.mark.parametrize("victims", TOGETHER, ids="+".join)
def test_nothing_that_was_answered_is_lost(
    live: HeardService, victims: tuple[str, ...], code: str
) -> None:
    before = declarations(live)
    live.failures.clear()
    with Load(live, code) as load:
        wait_for(lambda: len(load.scans) > 40 and load.declared and load.maps, 120)
        for process in itertools.chain(*(live.parts(PARTS[victim]) for victim in victims)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        assert live.ended() == 1, "a part that dies ends all"

    told = [(one.status, "Retry-After" in one.headers) for one in live.failures]
    assert set(told) <= {(503, True)}, live.failures
    live.start()

    kept = "SELECT count(*) FROM verifier_scan WHERE id = ANY(%s::uuid[])"
    assert asked(live, kept, load.scans) == len(load.scans)
    assert declarations(live) - before >= load.declared
    kept = "SELECT count(*) FROM accounts_act WHERE id = ANY(%s)"
    assert asked(live, kept, load.maps) == len(load.maps)
    open_work = "SELECT count(*) FROM colours_recomputation WHERE finished_at IS NULL"
    wait_for(lambda: asked(live, open_work) == 0, 120)
    assert_colours_are_right(live)

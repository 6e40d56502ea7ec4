"""Doors, residents and an officer who use the service while its parts are killed."""

import contextlib
import itertools
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import psycopg2

from tests.live.officer import assert_colours_are_right, publish_the_opposite
from tests.live.service import LiveService, wait_for

WELL = {"symptoms": [], "stays": [], "contact_with_case": False}


@dataclass
class Load:
    """The answers to each are recorded. One of `people` declares every `pause` seconds, in turn."""

    live: LiveService
    code: str
    people: Sequence[int]
    pause: float = 10
    scans: list[str] = field(default_factory=list)
    declared: int = 0
    maps: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        """Start four doors, one resident and one officer."""
        self._already = declarations(self.live)
        self._next = itertools.cycle(self.people)
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

    def has_begun(self) -> bool:
        """Return whether each of them was answered, and the doors often."""
        return len(self.scans) > 40 and self.declared > 0 and len(self.maps) > 0

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
        token = self.live.demo["resident"]["token"]
        well = WELL | {"person": next(self._next)}
        answer = self.live.call("POST", "/api/v1/declarations", token=token, json_body=well)
        self.declared += answer.status == 201
        self.over.wait(self.pause)

    def _publish(self) -> None:
        self.maps.append(publish_the_opposite(self.live).body["act"])
        # Each map touches nearly everybody, and all must be recomputed afterwards.
        self.over.wait(5)

    def assert_nothing_is_lost(self) -> None:
        """Assert that everything answered is stored, and that all colours are right."""
        kept = "SELECT count(*) FROM verifier_scan WHERE id = ANY(%s::uuid[])"
        assert asked(self.live, kept, self.scans) == len(self.scans)
        assert declarations(self.live) - self._already >= self.declared
        kept = "SELECT count(*) FROM accounts_act WHERE id = ANY(%s)"
        assert asked(self.live, kept, self.maps) == len(self.maps)
        wait_for_recolouring(self.live)
        assert_colours_are_right(self.live)


OPEN_WORK = "SELECT count(*) FROM colours_recomputation WHERE finished_at IS NULL"
# A sweep leaves a recomputation alone for 20 s, because a worker may still be at it.
SOONER = """
WITH moved AS (UPDATE colours_recomputation SET wake_at = now() WHERE wake_at > now() RETURNING 1)
SELECT count(*) FROM moved
"""


def wait_for_recolouring(live: LiveService) -> None:
    """Let the next sweep take up what killed workers had begun, and wait until all is done."""
    asked(live, SOONER)
    wait_for(lambda: asked(live, OPEN_WORK) == 0, patience=120)


def assert_told_to_come_again(live: LiveService) -> None:
    """Assert that each server error says when to try again."""
    told = {(one.status, "Retry-After" in one.headers) for one in live.failures}
    assert told <= {(503, True)}, live.failures


def asked(live: LiveService, query: str, *values: Any) -> Any:
    """Return the one value that the service's database answers."""
    with contextlib.closing(psycopg2.connect(live.environment()["DATABASE_URL"])) as connection:
        cursor = connection.cursor()
        cursor.execute(query, values)
        (found,) = cursor.fetchone()
        connection.commit()
        return found


def declarations(live: LiveService) -> int:
    """Return how many declarations are stored."""
    return int(asked(live, "SELECT count(*) FROM evidence_evidence WHERE kind = 'declaration'"))


def card_of_the_resident(live: LiveService) -> str:
    """Return a card of the demo's resident, which a door can read all day."""
    resident = live.demo["resident"]
    token, person = resident["token"], resident["person"]
    live.call("POST", "/api/v1/declarations", token=token, json_body=WELL | {"person": person})
    path = f"/api/v1/people/{person}/code?kind=paper"
    return str(live.call("GET", path, token=token).body["code"])


def people_of_the_resident(live: LiveService) -> list[int]:
    """Return whom the demo's resident looks after. Each may declare twenty times a day."""
    answer = live.call("GET", "/api/v1/people", token=live.demo["resident"]["token"])
    return [int(person["id"]) for person in answer.body]

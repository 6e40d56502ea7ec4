"""A surge: so many requests at work at once, the rest turned away and told when to return."""

import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from prometheus_client import REGISTRY

from healthcode.web.gate import OPERATORS, RETRY_AFTER_SECONDS, Gate
from healthcode.wsgi import application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AT_ONCE = 3
SCANS = "/api/v1/scans"


class RawAnswer(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


def ask(asked: "WSGIApplication", path: str, **environ: object) -> RawAnswer:
    """One request as a server makes it."""
    request: WSGIEnvironment = {"PATH_INFO": path, **environ}
    setup_testing_defaults(request)
    said: list[tuple[str, list[tuple[str, str]]]] = []
    parts = asked(request, lambda status, headers, *_: said.append((status, headers)))  # type: ignore[arg-type,return-value]
    body = b"".join(parts)
    ((status, headers),) = said
    return RawAnswer(status, dict(headers), body)


class Slow:
    """An application whose requests stay at work until they are let go."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.let_go = threading.Event()
        self._lock = threading.Lock()
        self.at_work = self.most_at_work = 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        with self._lock:
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.arrived.release()
        assert self.let_go.wait(30)
        with self._lock:
            self.at_work -= 1
        if environ["PATH_INFO"] == "/fault":
            raise RuntimeError
        start_response("200 OK", [])
        return [b"done"]


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def full(slow: Slow) -> Iterator[Gate]:
    """A gate whose places are all taken, until the end of the test or `slow.let_go`."""
    gate = Gate(slow, at_once=AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        held = [pool.submit(ask, gate, SCANS) for _ in range(AT_ONCE)]
        for _ in held:
            assert slow.arrived.acquire(timeout=30)
        yield gate
        slow.let_go.set()
    assert all(answer.result().body == b"done" for answer in held)


def test_who_finds_no_place_is_told_at_once_when_to_return(full: Gate) -> None:
    answer = ask(full, SCANS, HTTP_ACCEPT_LANGUAGE="en-GB")
    assert answer.status == "503 Service Unavailable"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) in RETRY_AFTER_SECONDS
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    document = json.loads(answer.body)
    assert document["type"] == "/problems/busy"
    assert document["status"] == 503
    assert document["detail"].startswith("Many people are here just now.")


def test_it_is_told_in_chinese_unless_asked_otherwise(full: Gate) -> None:
    answer = ask(full, SCANS)
    assert json.loads(answer.body)["title"] == "系统繁忙"
    assert answer.headers["Content-Language"] == "zh-hans"


def test_a_browser_gets_a_page_in_both_languages(full: Gate) -> None:
    answer = ask(full, "/people", HTTP_ACCEPT="text/html,application/xhtml+xml")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert page.index("系统繁忙") < page.index("Too busy at the moment")


def test_nothing_of_the_body_is_read_of_who_is_turned_away(full: Gate) -> None:
    class Untouchable:
        def read(self, *_: int) -> bytes:
            raise AssertionError("The body was read.")

    assert ask(full, SCANS, **{"wsgi.input": Untouchable()}).status.startswith("503")


def test_those_who_return_do_not_all_come_in_the_same_second(full: Gate) -> None:
    seconds = {ask(full, SCANS).headers["Retry-After"] for _ in range(200)}
    assert len(seconds) > 1


def test_each_one_turned_away_is_counted(full: Gate) -> None:
    name = "healthcode_requests_turned_away_total"
    before = REGISTRY.get_sample_value(name) or 0
    for _ in range(5):
        ask(full, SCANS)
    assert REGISTRY.get_sample_value(name) == before + 5


@pytest.mark.parametrize("path", sorted(OPERATORS))
def test_operators_are_let_into_a_full_house(slow: Slow, full: Gate, path: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, full, path)
        assert slow.arrived.acquire(timeout=30)
        slow.let_go.set()
        assert answer.result().body == b"done"


def test_a_place_is_free_again_when_its_request_is_done(slow: Slow, full: Gate) -> None:
    assert ask(full, SCANS).status.startswith("503")
    slow.let_go.set()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(10 * AT_ONCE):
            assert pool.submit(ask_until_let_in, full).result().body == b"done"


def ask_until_let_in(gate: Gate) -> RawAnswer:
    while (answer := ask(gate, SCANS)).status.startswith("503"):
        pass
    return answer


def test_a_fault_gives_its_place_back(slow: Slow) -> None:
    gate = Gate(slow, at_once=1)
    slow.let_go.set()
    for _ in range(3):
        with pytest.raises(RuntimeError):
            ask(gate, "/fault")
    assert ask(gate, SCANS).body == b"done"


def test_never_more_are_at_work_than_there_are_places(slow: Slow) -> None:
    gate = Gate(slow, at_once=AT_ONCE)
    with ThreadPoolExecutor(8 * AT_ONCE) as pool:
        answers = [pool.submit(ask, gate, SCANS) for _ in range(8 * AT_ONCE)]
        for _ in range(AT_ONCE):
            assert slow.arrived.acquire(timeout=30)
        slow.let_go.set()
        outcomes = [answer.result().status[:3] for answer in answers]
    assert slow.most_at_work == AT_ONCE
    assert set(outcomes) <= {"200", "503"}
    assert outcomes.count("200") >= AT_ONCE


@pytest.mark.django_db
def test_the_service_stands_behind_a_gate() -> None:
    assert isinstance(application, Gate)
    assert ask(application, "/healthz").status == "200 OK"

"""Limits on calls at work: the rest are refused at once, and bodies are read before."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from healthcode.web import bodies, calls
from healthcode.web.bodies import BULK_BODY_LIMIT, Message
from healthcode.web.calls import LIMITS, OPERATORS, CallKind, Limits
from healthcode.web.front import Front
from healthcode.web.outages import RETRY_AFTER_SECONDS
from tests.web.asking import AT_ONCE, RawAnswer, ask, opened, part, plainly

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SCANS = "/api/v1/scans"
CODE = "/api/v1/people/1/code"


class Slow:
    """An application whose requests do not end until the test lets them."""

    def __init__(self) -> None:
        self.arrived = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.works: list[calls.AtWork] = []
        self._lock = threading.Lock()
        self.at_work = self.most_at_work = 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        work = calls.current()
        assert work is not None
        with self._lock:
            self.works.append(work)
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


@asynccontextmanager
async def full(slow: Slow, path: str = SCANS) -> AsyncIterator[Front]:
    """A front whose places of one kind are all taken, until the end or `slow.let_go`."""
    async with opened(slow) as front:
        held = [asyncio.create_task(ask(front, path)) for _ in range(AT_ONCE)]
        for _ in held:
            assert await asyncio.to_thread(slow.arrived.acquire, timeout=30)
        yield front
        slow.let_go.set()
        assert all(answer.body == b"done" for answer in await asyncio.gather(*held))


def refused(path: str = SCANS, **headers: str) -> RawAnswer:
    """Check the refusal for a caller for whom no thread is free."""

    async def run() -> RawAnswer:
        async with full(Slow()) as front:
            return await ask(front, path, **headers)

    return asyncio.run(run())


def test_who_finds_no_place_is_told_at_once_when_to_return() -> None:
    answer = refused(accept_language="en-GB")
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) in RETRY_AFTER_SECONDS
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    document = json.loads(answer.body)
    assert document["type"] == "/problems/busy"
    assert document["status"] == 503
    assert document["detail"].startswith("Many people are using the service right now.")


def test_it_is_told_in_chinese_unless_asked_otherwise() -> None:
    answer = refused()
    assert json.loads(answer.body)["title"] == "现在用的人太多"
    assert answer.headers["Content-Language"] == "zh-hans"


def test_a_browser_gets_a_page_in_both_languages() -> None:
    answer = refused("/scanner", accept="text/html,application/xhtml+xml")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert page.index("现在用的人太多") < page.index("Too busy at the moment")


def test_those_who_return_do_not_all_come_in_the_same_second() -> None:
    async def run() -> set[str]:
        async with full(Slow()) as front:
            return {(await ask(front, SCANS)).headers["Retry-After"] for _ in range(200)}

    assert len(asyncio.run(run())) > 1


def test_each_one_turned_away_is_counted() -> None:
    name, labels = "healthcode_requests_turned_away_total", {"kind": "doors"}
    before = REGISTRY.get_sample_value(name, labels) or 0
    for _ in range(2):
        refused()
    assert REGISTRY.get_sample_value(name, labels) == before + 2


@pytest.mark.parametrize("path", [*sorted(OPERATORS), CODE, "/officer", "/about"])
def test_a_full_house_of_doors_keeps_nobody_else_out(path: str) -> None:
    async def run() -> RawAnswer:
        slow = Slow()
        async with full(slow) as front:
            asking = asyncio.create_task(ask(front, path))
            assert await asyncio.to_thread(slow.arrived.acquire, timeout=30)
            slow.let_go.set()
            return await asking

    assert asyncio.run(run()).body == b"done"


def test_operators_wait_for_each_other_rather_than_being_refused() -> None:
    async def run() -> list[RawAnswer]:
        slow = Slow()
        async with opened(slow) as front:
            asking = [asyncio.create_task(ask(front, "/healthz")) for _ in range(10)]
            assert await asyncio.to_thread(slow.arrived.acquire, timeout=30)
            slow.let_go.set()
            return await asyncio.gather(*asking)

    assert [answer.body for answer in asyncio.run(run())] == 10 * [b"done"]


def test_a_place_is_free_again_when_its_request_is_done() -> None:
    async def run() -> None:
        slow = Slow()
        async with full(slow) as front:
            assert (await ask(front, SCANS)).status == 503
        async with opened(slow) as front:
            for _ in range(10 * AT_ONCE):
                assert (await ask(front, SCANS)).body == b"done"

    asyncio.run(run())


def test_a_fault_gives_its_place_back() -> None:
    async def run() -> list[int]:
        slow = Slow()
        slow.let_go.set()
        async with opened(slow) as front:
            statuses = [(await ask(front, "/fault")).status for _ in range(2 * AT_ONCE)]
            assert (await ask(front, "/about")).body == b"done"
        return statuses

    assert asyncio.run(run()) == 2 * AT_ONCE * [500]


def test_never_more_are_at_work_than_there_are_places() -> None:
    async def run() -> tuple[int, list[int]]:
        slow = Slow()
        async with opened(slow) as front:
            asking = [asyncio.create_task(ask(front, SCANS)) for _ in range(8 * AT_ONCE)]
            for _ in range(AT_ONCE):
                assert await asyncio.to_thread(slow.arrived.acquire, timeout=30)
            slow.let_go.set()
            answers = await asyncio.gather(*asking)
        return slow.most_at_work, [answer.status for answer in answers]

    most, statuses = asyncio.run(run())
    assert most == AT_ONCE
    assert sorted(statuses) == AT_ONCE * [200] + 7 * AT_ONCE * [503]


def test_who_waits_too_long_is_told_to_return_and_what_is_left_is_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = Limits(lock=1, statement=1, idle=1, answer=0.2)
    monkeypatch.setitem(LIMITS, CallKind.DOORS, short)

    async def run() -> tuple[RawAnswer, list[bool], RawAnswer]:
        slow = Slow()
        async with opened(slow) as front:
            answer = await ask(front, SCANS)
            abandoned = [work.abandoned for work in slow.works]
            slow.let_go.set()
            return answer, abandoned, await ask(front, SCANS)

    answer, abandoned, after = asyncio.run(run())
    assert answer.status == 503
    assert json.loads(answer.body)["type"] == "/problems/unavailable"
    assert abandoned == [True]
    assert after.body == b"done"


def test_a_thread_that_hangs_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, CallKind.DOORS, Limits(lock=1, statement=1, idle=1, answer=0.1))

    async def run() -> tuple[list[str], int]:
        slow = Slow()
        async with opened(slow) as front:
            hung = await asyncio.gather(*(ask(front, SCANS) for _ in range(AT_ONCE)))
            last = await ask(front, SCANS)
            slow.let_go.set()
            kinds = [json.loads(answer.body)["type"] for answer in (*hung, last)]
            return kinds, slow.most_at_work

    kinds, most = asyncio.run(run())
    assert kinds == AT_ONCE * ["/problems/unavailable"] + ["/problems/busy"]
    assert most == AT_ONCE


def test_a_body_is_read_whole_before_a_place_is_taken() -> None:
    async def run() -> RawAnswer:
        echo = plainly(lambda environ: bytes(environ["wsgi.input"].read()))
        async with opened(echo) as front:
            parts = [part(b"a" * 10, more=True), part(b"", more=True), part(b"b" * 5)]
            return await ask(front, SCANS, method="POST", parts=parts, content_length="15")

    assert asyncio.run(run()).body == 10 * b"a" + 5 * b"b"


def test_bodies_that_do_not_come_take_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.5)

    async def run() -> tuple[RawAnswer, list[RawAnswer]]:
        async with opened(plainly(lambda _environ: b"done")) as front:
            waiting = [
                asyncio.create_task(
                    ask(
                        front,
                        SCANS,
                        method="POST",
                        parts=[part(b"{", more=True)],
                        content_length="9",
                    )
                )
                for _ in range(50)
            ]
            await asyncio.sleep(0)
            other = await ask(front, SCANS)
            assert not any(one.done() for one in waiting)
            return other, await asyncio.gather(*waiting)

    other, late = asyncio.run(run())
    assert other.body == b"done"
    assert {one.status for one in late} == {408}
    assert {json.loads(one.body)["type"] for one in late} == {"/problems/too-slow"}


def test_bodies_take_only_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "AT_ONCE", 1000)

    async def run() -> tuple[RawAnswer, RawAnswer]:
        async with opened(plainly(lambda _environ: b"done")) as front:
            much = [part(b"a" * 600, more=True), part(b"a" * 600)]
            over = await ask(front, SCANS, method="POST", parts=much, content_length="1200")
            again = await ask(
                front, SCANS, method="POST", parts=[part(b"a" * 900)], content_length="900"
            )
            return over, again

    over, again = asyncio.run(run())
    assert over.status == 503
    assert json.loads(over.body)["type"] == "/problems/busy"
    assert again.body == b"done"


@pytest.mark.parametrize(
    ("size", "left"), [(BULK_BODY_LIMIT + 1, b""), (64 * 1024, b"a"), (64 * 1024 + 1, b"")]
)
def test_what_is_too_large_is_read_and_thrown_away(size: int, left: bytes) -> None:
    """The application sees the announced length, and refuses the body."""
    seen: list[tuple[str, bytes]] = []

    def look(environ: "WSGIEnvironment") -> bytes:
        seen.append((environ["CONTENT_LENGTH"], environ["wsgi.input"].read(1)))
        return b""

    async def run() -> None:
        half = size // 2
        parts = [part(b"a" * half, more=True), part(b"a" * (size - half))]
        async with opened(plainly(look)) as front:
            await ask(front, SCANS, method="POST", parts=parts, content_length=str(size))

    asyncio.run(run())
    assert seen == [(str(size), left)]


def test_who_leaves_before_the_body_has_come_is_answered_nothing() -> None:
    gone: list[Message] = [part(b"{", more=True), {"type": "http.disconnect"}]

    async def run() -> RawAnswer:
        async with opened(plainly(lambda _environ: b"done")) as front:
            return await ask(front, SCANS, method="POST", parts=gone, content_length="9")

    assert asyncio.run(run()).status == 0

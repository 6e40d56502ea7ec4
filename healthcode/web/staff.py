"""Threads that work on calls, and how many of them each kind has.

So many are at work at once and the rest go away at once: a request that nobody waits for any more
costs as much as any other, so a queue that grows past what people wait for makes a busy server a
dead one.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from healthcode.web.calls import AtWork, CallKind, at
from healthcode.web.wsgi import RawResponse

logger = logging.getLogger(__name__)

STACK_WAITING: Final = 64
"""So many calls of operators wait for one of their threads."""


class Call:
    """A request at work: whoever waits for `answer` gets the thread's, or is told to come again."""

    __slots__ = ("answer", "began", "job", "work")

    def __init__(self, kind: CallKind, job: Callable[[], RawResponse]) -> None:
        self.work = AtWork(kind)
        self.job = job
        self.answer: asyncio.Future[RawResponse | None] = asyncio.get_running_loop().create_future()
        self.began = time.monotonic()

    def give_up(self) -> None:
        """Let the caller go; what the thread has not done by now is not done."""
        self.work.abandoned = True
        if not self.answer.done():
            self.answer.set_result(None)


class Staff:
    """The threads for one kind of calls. All but the threads themselves belongs to one loop.

    A thread that hangs keeps its place, so that no more than `places` ever hang.
    """

    def __init__(self, kind: CallKind, places: int, *, waiting: int = 0) -> None:
        self.kind = kind
        self.at_work: set[Call] = set()
        self._most = places + waiting
        self._places = places
        self._jobs: SimpleQueue[Call | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        for number in range(places):
            # Daemons: a thread that hangs must not keep the process from ending.
            name = f"{kind.value}-{number}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def take(self, job: Callable[[], RawResponse]) -> Call | None:
        """Set somebody to work; None when all are."""
        if len(self.at_work) >= self._most:
            return None
        call = Call(self.kind, job)
        self.at_work.add(call)
        self._jobs.put(call)
        return call

    def dismiss(self) -> None:
        """Let every thread go once it has done what it is at."""
        for _ in range(self._places):
            self._jobs.put(None)

    def _run(self) -> None:
        while (call := self._jobs.get()) is not None:
            answer = self._work(call)
            # A thread that hung may come back when nobody is there any more.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._done, call, answer)

    def _work(self, call: Call) -> RawResponse | None:
        try:
            with at(call.work):
                return call.job()
        except Exception:
            # Django answers what its views raise; this is a fault outside of it.
            logger.exception("A call failed outside Django")
            return RawResponse(500, [(b"content-length", b"0")], b"")

    def _done(self, call: Call, answer: RawResponse | None) -> None:
        self.at_work.discard(call)
        if not call.answer.done():
            call.answer.set_result(answer)

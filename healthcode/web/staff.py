"""The threads that work on calls, a fixed number for each kind of call.

If no thread is free, a call is refused at once. Otherwise a queue would grow. Callers would give
up, but the threads would still do the work for them.
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
"""How many calls of operators may wait for one of their threads."""


class Call:
    """A request that a thread works on. `answer` is its answer, or None after `give_up`."""

    __slots__ = ("answer", "began", "job", "work")

    def __init__(self, kind: CallKind, job: Callable[[], RawResponse]) -> None:
        self.work = AtWork(kind)
        self.job = job
        self.answer: asyncio.Future[RawResponse | None] = asyncio.get_running_loop().create_future()
        self.began = time.monotonic()

    def give_up(self) -> None:
        """Release the caller. From now on the thread's call does no more work in the database."""
        self.work.abandoned = True
        if not self.answer.done():
            self.answer.set_result(None)


class Staff:
    """The threads for one kind of calls. Only the event loop uses everything but the threads.

    A thread that hangs keeps its place, so that never more than `places` threads hang.
    """

    def __init__(self, kind: CallKind, places: int, *, waiting: int = 0) -> None:
        self.kind = kind
        self.at_work: set[Call] = set()
        self._most = places + waiting
        self._places = places
        self._jobs: SimpleQueue[Call | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        for number in range(places):
            # Daemon threads, because a thread that hangs must not keep the process from ending.
            name = f"{kind.value}-{number}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def take(self, job: Callable[[], RawResponse]) -> Call | None:
        """Give the job to a thread; None when all places are taken."""
        if len(self.at_work) >= self._most:
            return None
        call = Call(self.kind, job)
        self.at_work.add(call)
        self._jobs.put(call)
        return call

    def dismiss(self) -> None:
        """End each thread after the call that it is working on."""
        for _ in range(self._places):
            self._jobs.put(None)

    def _run(self) -> None:
        while (call := self._jobs.get()) is not None:
            answer = self._work(call)
            # A thread that hung may return after the event loop has closed.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._done, call, answer)

    def _work(self, call: Call) -> RawResponse | None:
        try:
            with at(call.work):
                return call.job()
        except Exception:
            # Django answers exceptions of views itself, so this one was raised outside of Django.
            logger.exception("A call failed outside Django")
            return RawResponse(500, [(b"content-length", b"0")], b"")

    def _done(self, call: Call, answer: RawResponse | None) -> None:
        self.at_work.discard(call)
        if not call.answer.done():
            call.answer.set_result(answer)

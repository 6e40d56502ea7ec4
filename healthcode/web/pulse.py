"""Ask servers whether they answer, on threads of their own, so that no request waits for them.

A stopped server may accept a question and never answer. Then only the thread that asks hangs. All
other threads read the last answer and its age.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")

SILENCE_SECONDS: Final = 1.25
"""A server without an answer for this time is silent. So callers get an answer within 3 s."""


class Known(NamedTuple, Generic[T]):
    """The last answer, and how many seconds ago it came."""

    value: T
    age: float


class Watch(Generic[T]):
    """The last answer to a question that a thread repeats `every` so many seconds once started.

    Before the start, in tests and commands, `known` asks the question itself.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[], T],
        *,
        every: float,
        expected: tuple[type[Exception], ...] = (),
    ) -> None:
        self.name = name
        self._look = look
        self._every = every
        self._expected = expected
        self._found: tuple[T, float] | None = None
        self._asked_at: float | None = None
        self._first = threading.Event()
        self._stop: threading.Event | None = None

    def start(self) -> None:
        """Ask on a thread of its own from now on, even after failures."""
        self._stop = threading.Event()
        self._asked_at = time.monotonic()
        threading.Thread(target=self._run, args=[self._stop], name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Stop asking."""
        if self._stop is not None:
            self._stop.set()
            self._stop = None
        self._asked_at = None

    def known(self, *, patience: float = 0) -> Known[T] | None:
        """Return the last answer, waiting up to `patience` for the first one; None if there is none
        yet.
        """
        if self._stop is None:
            return Known(self._look(), 0.0)
        if self._found is None:
            self._first.wait(patience)
        if self._found is None:
            return None
        value, at = self._found
        return Known(value, time.monotonic() - at)

    def is_silent(self) -> bool:
        """Tell whether a question has waited longer than a working server ever needs."""
        asked_at = self._asked_at
        return asked_at is not None and time.monotonic() - asked_at > SILENCE_SECONDS

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._asked_at = time.monotonic()
            try:
                self._found = (self._look(), time.monotonic())
            except self._expected as error:
                what = str(error).partition("\n")[0]
                logger.warning("The look at the %s failed: %s", self.name, what)
            except Exception:
                logger.exception("The look at the %s failed", self.name)
            else:
                self._first.set()
            self._asked_at = None
            stop.wait(self._every)

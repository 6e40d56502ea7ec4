"""The kinds of calls: how many of each a process works on at once, and how long each may wait.

Doors, phones and all others have threads of their own, so that none of them waits for another:
phones that wait for a locked table take no thread from the doors.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final


class CallKind(Enum):
    """Who makes a call, or which work runs."""

    DOORS = "doors"
    PHONES = "phones"
    REST = "rest"
    """Officers, sources, and pages that anybody may read."""
    OPERATORS = "operators"
    """Probes and metrics. They always get a thread, because a busy process must not look dead."""
    WORK = "work"
    """Tasks of Celery workers, in batches."""
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one kind of call may wait, in seconds.

    `lock`, `statement` and `idle` (in a transaction) are limits of the database. After `answer` a
    caller that still waits is told to try again.
    """

    lock: float
    statement: float
    idle: float
    answer: float


LIMITS: Final = {
    # A door judges without the server after 1.2 s, and its calls take less than a tenth of that.
    CallKind.DOORS: Limits(lock=1, statement=2, idle=10, answer=10),
    CallKind.PHONES: Limits(lock=1, statement=2, idle=10, answer=10),
    # A preview of a province's map compares it with everybody's facts, and tracing reads many rows.
    CallKind.REST: Limits(lock=1.5, statement=60, idle=60, answer=90),
    CallKind.OPERATORS: Limits(lock=0.2, statement=0.5, idle=1, answer=2),
    CallKind.WORK: Limits(lock=60, statement=1800, idle=600, answer=0),
    # A migration that waits for a table blocks everybody else behind it, so it fails early and is
    # repeated.
    CallKind.MIGRATION: Limits(lock=5, statement=3600, idle=600, answer=0),
}

OPERATORS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_DOORS: Final = (
    "/api/v1/scans",
    "/api/v1/devices",
    "/api/v1/verifications",
    "/api/v1/oauth/",
    "/api/v1/sandbox",
    "/scanner",
)
_PHONES: Final = (
    "/api/v1/people",
    "/api/v1/declarations",
    "/api/v1/check-ins",
    "/api/v1/symptoms",
    "/api/v1/auth/",
    "/people",
    "/me",
    "/login",
    "/logout",
    "/pocket",
)


def kind_of(path: str) -> CallKind:
    """Return the kind of a call by its address."""
    if path in OPERATORS:
        return CallKind.OPERATORS
    if path.startswith(_DOORS):
        return CallKind.DOORS
    if path.startswith(_PHONES):
        return CallKind.PHONES
    return CallKind.REST


class AtWork:
    """What one thread is working on: the kind of call, and whether its caller has gone."""

    __slots__ = ("abandoned", "kind")

    def __init__(self, kind: CallKind) -> None:
        self.kind = kind
        self.abandoned = False


class _Current(threading.local):
    work: AtWork | None = None


_current: Final = _Current()


def current() -> AtWork | None:
    """Return what this thread is working on; None in tests and commands, which have no limits."""
    return _current.work


def begin(work: AtWork) -> None:
    """Set what this thread is working on, until `end`."""
    _current.work = work


def end() -> None:
    """Note that this thread is working on nothing."""
    _current.work = None


@contextmanager
def at(work: AtWork) -> Iterator[None]:
    """Set what this thread is working on within a `with` block."""
    begin(work)
    try:
        yield
    finally:
        end()

"""The kinds of calls: how many of each are at work at once, and how long each may wait.

Doors, phones and the rest have places of their own, so that none of them waits for another: phones
that ask for a locked table take no place of a door's.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final


class CallKind(Enum):
    """Who calls, or what works."""

    DOORS = "doors"
    PHONES = "phones"
    REST = "rest"
    """Officers, sources, pages that anybody may read."""
    OPERATORS = "operators"
    """Probes and counts: always let in, because a busy process must not be taken for a dead one."""
    WORK = "work"
    """Tasks of workers, in batches."""
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, in seconds: the database by `lock`, `statement` and `idle` (in a transaction).

    `answer` is when a caller who still waits is told to come again.
    """

    lock: float
    statement: float
    idle: float
    answer: float


LIMITS: Final = {
    # A door judges alone after 1.2 s, and asks for nothing that takes a tenth of that.
    CallKind.DOORS: Limits(lock=1, statement=2, idle=10, answer=10),
    CallKind.PHONES: Limits(lock=1, statement=2, idle=10, answer=10),
    # A map of a province is compared with everybody's facts, and an outbreak is traced.
    CallKind.REST: Limits(lock=1.5, statement=60, idle=60, answer=90),
    CallKind.OPERATORS: Limits(lock=0.2, statement=0.5, idle=1, answer=2),
    CallKind.WORK: Limits(lock=60, statement=1800, idle=600, answer=0),
    # Who waits for a table keeps everybody else waiting behind: better to fail and try again.
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
    """Whose call it is, by its address."""
    if path in OPERATORS:
        return CallKind.OPERATORS
    if path.startswith(_DOORS):
        return CallKind.DOORS
    if path.startswith(_PHONES):
        return CallKind.PHONES
    return CallKind.REST


class AtWork:
    """What one thread is at: its kind, and whether somebody still waits for it."""

    __slots__ = ("abandoned", "kind")

    def __init__(self, kind: CallKind) -> None:
        self.kind = kind
        self.abandoned = False


class _Current(threading.local):
    work: AtWork | None = None


_current: Final = _Current()


def current() -> AtWork | None:
    """What this thread is at; None in tests and commands, which have no limits."""
    return _current.work


def begin(work: AtWork) -> None:
    """Say what this thread is at, until `end`."""
    _current.work = work


def end() -> None:
    """Say that this thread is at nothing."""
    _current.work = None


@contextmanager
def at(work: AtWork) -> Iterator[None]:
    """Say what this thread is at."""
    begin(work)
    try:
        yield
    finally:
        end()

"""Deciding the colours of many people at once, in SQL, and writing what changed.

The statements are in `healthcode.colours.sql`; docs/architecture.md tells the whole story. Two
things, for which `hold` is there, make concurrent writers converge on the colour that `decide()`
gives:

- Whoever writes a colour locks the row first and reads evidence, levels and policy in a later
  statement, so that the last to hold the lock has read everything committed before it.
- Whoever writes a colour shares the writers' lock (an advisory lock) until commit. A recomputation
  takes it alone for a moment before it plans: so a transaction that read the old levels or the old
  policy has committed by then, and what it wrote is found.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from healthcode.areas.successors import places_of
from healthcode.colours import sql
from healthcode.colours.policy import policy_at
from healthcode.core import Colour
from healthcode.web.advisory_locks import AdvisoryLock

# Many times what a batch takes.
WRITERS_PATIENCE: Final = "10s"
# What such a transaction begins with. PostgreSQL would compile the statement for a large batch anew
# each time, which takes longer than the batch. And since it cannot know how few words the rules and
# levels come to, it would sort all facts by theirs instead of looking each up.
BEGIN: Final = f"""
SELECT {AdvisoryLock.COLOURS.shared}, set_config('jit', 'off', true),
       set_config('enable_mergejoin', 'off', true)
"""
# Large sets are compared in parts, so that no statement's memory grows with the population.
COMPARED_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many people have each colour now, and how many would have it."""

    people: int
    now: Mapping[Colour, int]
    then: Mapping[Colour, int]
    changed: int


def recompute_people(
    people: Sequence[int], *, at: datetime, recomputation: int | None = None
) -> int:
    """Decide the colours of `people` at `at` and store them; returns how many colours changed.

    Runs in the caller's transaction, at READ COMMITTED, and keeps the people's rows locked until
    its end. Ids of nobody are passed over. Call it at most once in a transaction, or with the
    lower ids first, so that two callers cannot wait for each other.

    Raises:
        NoPolicy: when no policy holds at `at`.
    """
    known = hold(people, at=at)
    policy = policy_at(at)
    bound: dict[str, Any] = {
        "people": _array(known),
        "at": at,
        "rules": sql.rules_json(policy),
        "carries": sql.carries_json(),
        "policy": policy.version,
        "recomputation": recomputation,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.WRITE, bound)
        (changed,) = cursor.fetchone()
        return int(changed)


def hold(people: Sequence[int], *, at: datetime) -> Sequence[int]:
    """Share the writers' lock, lock the stored colours of `people`, make those that are missing.

    Returns whose they are: of ids of nobody there are none, nor of anybody new before the first
    policy. What decides, evidence and levels and policy, is to be read after this.
    """
    join_writers()
    with connection.cursor() as cursor:
        bound: dict[str, Any] = {"people": _array(people), "asked": len(set(people)), "at": at}
        # Nearly everybody has a row. A third transaction that makes one between these statements
        # can let two large ones wait for each other; PostgreSQL ends one, which is tried again.
        some = _lock(cursor, bound)
        if some is not None:
            cursor.execute(sql.CREATE_MISSING, bound)
            some = _lock(cursor, bound)
    return people if some is None else some


def _array(people: Sequence[int]) -> str:
    """Ids as the text of an array: as a list each would be an expression of its own to plan.

    That took 19 ms of 77 for a batch of 2,000.
    """
    return f"{{{','.join(map(str, people))}}}"


def _lock(cursor: CursorWrapper, bound: Mapping[str, Any]) -> list[int] | None:
    """Lock the stored colours; None when all are there, otherwise whose are."""
    cursor.execute(sql.LOCK, bound)
    (some,) = cursor.fetchone()
    return None if some is None else list(some)


def join_writers() -> None:
    """Keep recomputations from planning until this transaction ends; many can hold it."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN)


def wait_for_writers() -> None:
    """Wait until every transaction that shared the writers' lock when this was called has ended.

    Raises:
        OperationalError: when one of them does not end. Everybody else queues up behind who waits
            here, so giving up and trying again later is better than patience.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT set_config('lock_timeout', %s, true), {AdvisoryLock.COLOURS.alone}",
            [WRITERS_PATIENCE],
        )


def evaluate(people: Sequence[int], *, at: datetime) -> Comparison:
    """The colours of `people` as stored, and as they would be at `at`; writes and locks nothing.

    Raises:
        NoPolicy: when no policy holds at `at`.
    """
    policy = policy_at(at)
    now: Counter[Colour] = Counter()
    then: Counter[Colour] = Counter()
    changed = 0
    with connection.cursor() as cursor:
        for start in range(0, len(people), COMPARED_AT_ONCE):
            part = people[start : start + COMPARED_AT_ONCE]
            bound: dict[str, Any] = {
                "people": _array(part),
                "at": at,
                "rules": sql.rules_json(policy),
                "carries": sql.carries_json(),
            }
            cursor.execute(sql.COMPARE, bound)
            for before, after, count in cursor.fetchall():
                now[Colour(before)] += count
                then[Colour(after)] += count
                changed += count if before != after else 0
    return Comparison(people=len(people), now=_all(now), then=_all(then), changed=changed)


def evaluate_levels(*, areas: Collection[str], touches_from: datetime, at: datetime) -> Comparison:
    """`evaluate` for everybody whom a change of the levels of `areas` touches."""
    with connection.cursor() as cursor:
        bound: dict[str, Any] = {"codes": codes_touched(areas), "touches_from": touches_from}
        cursor.execute(sql.TOUCHED_BY_LEVELS, bound)
        people = [person for (person,) in cursor.fetchall()]
    return evaluate(people, at=at)


def codes_touched(areas: Collection[str]) -> list[str]:
    """The codes of stays for which what is said of `areas` counts: theirs, and of all in them."""
    places = {place for area in areas for place in places_of(area)}
    with connection.cursor() as cursor:
        cursor.execute(sql.CODES_WITHIN, [sorted(places)])
        (codes,) = cursor.fetchone()
    return list(codes)


def _all(counts: Counter[Colour]) -> dict[Colour, int]:
    return {colour: counts[colour] for colour in Colour}

"""Decide the colours of many people at once in SQL, and store what changed.

The statements are in `healthcode.colours.sql`; docs/architecture.md explains the whole process.
Several transactions (writers) may store colours at the same time. Two rules make the stored colours
equal to the result of `decide()`. `lock_colours` follows both:

- A writer first locks a person's colour row, and reads evidence, levels and policy in a later
  statement. So the last writer has read everything that the earlier writers committed.
- Each writer holds the writers' lock (an advisory lock, shared) until it commits. Before a
  recomputation looks for the people whom it affects, it takes this lock exclusively for a moment.
  When it has the lock, every writer that read the old levels or the old policy has committed. So
  the recomputation sees what these writers wrote.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.merging import WholePeople, counted_once, groups_of, whole
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.areas.successors import places_of
from healthcode.colours import sql
from healthcode.colours.errors import NoPolicy
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.core import Colour
from healthcode.web.advisory_locks import AdvisoryLock

# Many times longer than a batch takes.
WRITERS_PATIENCE: Final = "10s"
# Each writing transaction begins with this. JIT is off because PostgreSQL would compile the
# statement for a large batch every time, which takes longer than the batch. Merge joins are off
# because PostgreSQL cannot know that rules and levels give only few words, so it would sort all
# facts instead of looking each up.
BEGIN: Final = f"""
SELECT {AdvisoryLock.COLOURS.shared}, set_config('jit', 'off', true),
       set_config('enable_mergejoin', 'off', true)
"""
# Large sets are compared in parts, so that a statement's memory does not grow with the population.
COMPARED_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many people have each colour now, and how many would have it after a change.

    Attributes:
        worse: how many would get a graver colour.
        homes: how many would change colour, by the county of their home (short form).
    """

    people: int
    now: Mapping[Colour, int]
    then: Mapping[Colour, int]
    changed: int
    worse: int
    homes: Mapping[str, int]

    @property
    def effect(self) -> Effect:
        """The same, as the record of an act has it."""
        green, yellow, red = Colour.GREEN, Colour.YELLOW, Colour.RED
        return Effect(
            before=(self.now[green], self.now[yellow], self.now[red]),
            after=(self.then[green], self.then[yellow], self.then[red]),
            worse=self.worse,
            homes=self.homes,
        )


def recompute_people(
    people: Sequence[int], *, at: datetime, recomputation: int | None = None
) -> int:
    """Decide the colours of `people` at `at` and store them; return how many colours changed.

    Registrations that are merged with these get their colour, too. This runs in the caller's
    transaction, at READ COMMITTED. The rows of the people stay locked until the transaction ends.
    Ids without a person are skipped. Call this at most once in a transaction, or with the lower ids
    first. Otherwise two callers can deadlock.

    Raises:
        NoPolicy: no policy is in force at `at`.
    """
    known = lock_colours(people, at=at)
    policy = policy_at(at)
    bound: dict[str, Any] = {
        "people": _array(known.numbers),
        "same": sql.same_json(known),
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


def lock_colours(people: Sequence[int], *, at: datetime) -> WholePeople:
    """Share the writers' lock, lock the colour rows of `people`, and create missing rows.

    The rows of registrations that are merged with these are locked, too. Nobody can merge others
    before the transaction ends, because that takes the writers' lock alone. Return the people who
    have a row. Ids without a person have no row. New people have no row before the first policy.
    Read evidence, levels and policy after this call.
    """
    join_writers()
    every = whole(people)
    people = every.numbers
    with connection.cursor() as cursor:
        bound: dict[str, Any] = {"people": _array(people), "asked": len(set(people)), "at": at}
        # Nearly everybody has a row. If a third transaction creates one between these statements,
        # two large transactions can deadlock; PostgreSQL then ends one of them, which is tried
        # again.
        some = _lock(cursor, bound)
        if some is not None:
            cursor.execute(sql.CREATE_MISSING, bound)
            some = _lock(cursor, bound)
    return every if some is None else every._replace(numbers=some)


def _array(people: Sequence[int]) -> str:
    """Write ids as the text of an array.

    PostgreSQL plans each item of a list by itself, which took 19 of 77 ms for a batch of 2,000.
    """
    return f"{{{','.join(map(str, people))}}}"


def _lock(cursor: CursorWrapper, bound: Mapping[str, Any]) -> list[int] | None:
    """Lock the stored colours. Return None if all are there, otherwise the people who have one."""
    cursor.execute(sql.LOCK, bound)
    (some,) = cursor.fetchone()
    return None if some is None else list(some)


def join_writers() -> None:
    """Keep recomputations from planning until this transaction ends; many may do so at once."""
    with connection.cursor() as cursor:
        cursor.execute(BEGIN)


def wait_for_writers() -> None:
    """Wait until every transaction that shares the writers' lock now has ended.

    Raises:
        OperationalError: one of them does not end. Everybody else queues behind this call, so it
            gives up early and the caller tries again later.
    """
    with transaction.atomic():
        keep_writers_out()


def keep_writers_out() -> None:
    """Do the same, and let nobody else write colours before the caller's transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT set_config('lock_timeout', %s, true), {AdvisoryLock.COLOURS.alone}",
            [WRITERS_PATIENCE],
        )


def evaluate(people: Sequence[int], *, at: datetime, policy: RuleSet | None = None) -> Comparison:
    """Compare the stored colours of `people` with those that they would have at `at`.

    This writes and locks nothing. Of merged registrations only one counts.

    Args:
        policy: the policy to decide by; None means the policy in force at `at`.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    policy = policy or policy_at(at)
    people = counted_once(people)
    now: Counter[Colour] = Counter()
    then: Counter[Colour] = Counter()
    homes: Counter[str] = Counter()
    worse = 0
    with connection.cursor() as cursor:
        for start in range(0, len(people), COMPARED_AT_ONCE):
            part = whole(people[start : start + COMPARED_AT_ONCE])
            bound: dict[str, Any] = {
                "people": _array(part.numbers),
                "same": sql.same_json(part),
                "at": at,
                "rules": sql.rules_json(policy),
                "carries": sql.carries_json(),
            }
            cursor.execute(sql.COMPARE, bound)
            for before, after, home, count in cursor.fetchall():
                now[Colour(before)] += count
                then[Colour(after)] += count
                worse += count if after > before else 0
                if before != after:
                    homes[home] += count
    return Comparison(
        people=len(people),
        now=_all(now),
        then=_all(then),
        changed=homes.total(),
        worse=worse,
        homes=homes,
    )


def turning_red(people: Sequence[int], *, at: datetime) -> frozenset[int]:
    """Return those of `people` who are not red, and would be red if decided on at `at`.

    This writes and locks nothing.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    policy = policy_at(at)
    found: set[int] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(people), COMPARED_AT_ONCE):
            part = whole(people[start : start + COMPARED_AT_ONCE])
            bound: dict[str, Any] = {
                "people": _array(part.numbers),
                "same": sql.same_json(part),
                "at": at,
                "rules": sql.rules_json(policy),
                "carries": sql.carries_json(),
                "red": int(Colour.RED),
            }
            cursor.execute(sql.TURNING_RED, bound)
            found.update(person for (person,) in cursor.fetchall())
    return frozenset(found.intersection(people))


def evaluate_everybody(policy: RuleSet, *, at: datetime) -> Effect:
    """Count what deciding on everybody by `policy` at `at` would do. It writes nothing.

    The time grows with the population, by 6 ms for each thousand people.
    """
    found = NO_EFFECT
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(sql.NEXT_PEOPLE, {"after": last, "most": COMPARED_AT_ONCE})
            people = [person for (person,) in cursor.fetchall()]
            if not people:
                return found
            groups = groups_of(people)
            # The registrations of one person may be in several parts.
            first = [one for one in people if one == groups.get(one, (one,))[0]]
            found += evaluate(first, at=at, policy=policy).effect
            last = people[-1]


def foresee(do: Callable[[], Collection[int]], *, at: datetime) -> Effect:
    """Call `do` in a savepoint, count the colours that would follow, and roll back.

    The time grows with the number of people concerned.

    Args:
        do: writes something, and returns the people whose colours may change by it.

    Returns:
        The effect; no effect before the first policy, when nobody has a colour.
    """
    with transaction.atomic():
        people = sorted(do())
        try:
            return evaluate(people, at=at).effect
        except NoPolicy:
            return NO_EFFECT
        finally:
            transaction.set_rollback(True)


def evaluate_levels(*, areas: Collection[str], touches_from: datetime, at: datetime) -> Comparison:
    """Call `evaluate` for everybody whom a change in the levels of `areas` touches."""
    with connection.cursor() as cursor:
        bound: dict[str, Any] = {"codes": codes_touched(areas), "touches_from": touches_from}
        cursor.execute(sql.TOUCHED_BY_LEVELS, bound)
        people = [person for (person,) in cursor.fetchall()]
    return evaluate(people, at=at)


def codes_touched(areas: Collection[str]) -> list[str]:
    """Return the codes of stays for which the levels of `areas` count, all areas below included."""
    places = {place for area in areas for place in places_of(area)}
    with connection.cursor() as cursor:
        cursor.execute(sql.CODES_WITHIN, [sorted(places)])
        (codes,) = cursor.fetchone()
    return list(codes)


def _all(counts: Counter[Colour]) -> dict[Colour, int]:
    return {colour: counts[colour] for colour in Colour}

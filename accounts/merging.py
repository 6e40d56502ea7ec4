"""Registrations of one person: several documents that an officer has seen in the same hands.

An act merges registrations, another one separates them. Each registration stays a person with a
number, facts, guardians and codes of its own. Only what is known about them counts together: the
colours room asks here whose facts to take. docs/decisions/0056-two-documents-one-person.md gives
the reasons.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count

from accounts.models import MergedRegistration

# A join, because PostgreSQL would plan each of thousands of values of an array by itself.
GROUPS: Final = """
SELECT array_agg(person_id ORDER BY person_id) FROM accounts_mergedregistration
WHERE whose IN (
    SELECT whose FROM accounts_mergedregistration
    WHERE person_id IN (SELECT unnest(%s::bigint[]))
) GROUP BY whose
"""
# Both groups become one; whoever was in neither is added.
UNITE: Final = """
WITH moved AS (
    UPDATE accounts_mergedregistration SET whose = %(act)s WHERE whose IN (
        SELECT whose FROM accounts_mergedregistration WHERE person_id = ANY(%(people)s)
    ) RETURNING person_id
)
INSERT INTO accounts_mergedregistration (person_id, whose, act)
SELECT given.person, %(act)s, %(act)s FROM unnest(%(people)s::bigint[]) AS given (person)
WHERE given.person NOT IN (SELECT person_id FROM moved)
"""


def groups_of(people: Collection[int]) -> Mapping[int, tuple[int, ...]]:
    """Return the registrations that are merged with any of `people`, by each of their numbers.

    Numbers ascend. Whoever is not merged is not in the result. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [f"{{{','.join(map(str, people))}}}"])
        groups = [tuple(numbers) for (numbers,) in cursor.fetchall()]
    return {person: group for group in groups for person in group}


def registrations_of(person_id: int) -> tuple[int, ...]:
    """Return the numbers of all registrations of this person, ascending. One query."""
    return groups_of([person_id]).get(person_id, (person_id,))


class WholePeople(NamedTuple):
    """Registrations, with all that are merged with any of them.

    Attributes:
        numbers: of all of them; ascending if any is merged.
        first: of each that is merged, the lowest number of those that are the same person.
    """

    numbers: Sequence[int]
    first: Mapping[int, int]


def whole(people: Sequence[int]) -> WholePeople:
    """Return `people` and all registrations that are merged with them. One query."""
    groups = groups_of(people)
    numbers = sorted({*people, *groups}) if groups else people
    return WholePeople(numbers, {person: group[0] for person, group in groups.items()})


def counted_once(people: Collection[int]) -> list[int]:
    """Return the numbers of `people`, ascending, with one number for each merged person."""
    groups = groups_of(people)
    return sorted({groups[one][0] if one in groups else one for one in people})


def unite(people: Collection[int], act: int) -> None:
    """Merge these registrations, and all that are merged with one of them, by an act.

    The caller holds the lock against writers of colours (`AdvisoryLock.COLOURS.alone`).
    """
    bound: dict[str, Any] = {"people": list(people), "act": act}
    with connection.cursor() as cursor:
        cursor.execute(UNITE, bound)


def take_out(person_id: int) -> None:
    """Separate a registration from those it is merged with, which stay merged with each other.

    The caller holds the lock against writers of colours, as for `unite`.
    """
    MergedRegistration.objects.filter(person=person_id).delete()
    alone = MergedRegistration.objects.values("whose").annotate(n=Count("pk")).filter(n=1)
    MergedRegistration.objects.filter(whose__in=alone.values("whose")).delete()


def merging_told_of(person_id: int) -> dict[str, int] | None:
    """Return the act that merged a registration, and how many others there are, for its file."""
    group = registrations_of(person_id)
    row = MergedRegistration.objects.filter(person=person_id).first()
    return None if row is None else {"act": row.act, "others": len(group) - 1}

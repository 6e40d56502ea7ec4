"""Compare the stored colours of many people with `decide()`, as the nightly audit does.

Nothing of the recomputation in SQL is used here: the facts are read as `decide()` reads them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from healthcode.areas.successors import areas_for, carries
from healthcode.colours.agreement import SNAPSHOT, CheckedColour, ColourRow, settle
from healthcode.colours.decide import LevelPeriod, decide
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.colours.selectors import levels_around
from healthcode.core import Colour
from healthcode.evidence.selectors import Fact, facts_of_many
from healthcode.web.errors import NotFound

NEXT: Final = """
SELECT person_id, colour, since, changes, next_change_at, policy_id FROM colours_personcolour
WHERE person_id > %(after)s ORDER BY person_id LIMIT %(most)s
"""


def checked_part(*, after: int, most: int, at: datetime) -> list[CheckedColour]:
    """Check the stored colours of the next `most` people after number `after`; return each.

    All reads share one snapshot, and nothing is locked. A result that does not agree may only be
    late (see `unexplained`).

    Raises:
        NoPolicy: somebody has a colour, but no policy holds at `at`.
    """
    # Within a transaction the isolation level can no longer change; `unexplained` looks again.
    prefix = "" if connection.in_atomic_block else SNAPSHOT
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(prefix + NEXT, {"after": after, "most": most})
        rows = [
            ColourRow(person, Colour(colour), since, changes, next_change_at, policy)
            for person, colour, since, changes, next_change_at, policy in cursor.fetchall()
        ]
        return _decided(rows, policy_at(at), at) if rows else []


def unexplained(checked: Iterable[CheckedColour], *, at: datetime) -> list[int]:
    """Return the numbers of people whose stored colour nothing explains.

    A colour that the service has only not stored yet is stored now. For each of the others a
    recomputation is requested. See `settle`; each person takes a transaction of its own.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    found = []
    for one in checked:
        try:
            if not one.agrees and settle(one.row.person, at=at) is None:
                found.append(one.row.person)
        except NotFound:  # The person was erased after the colour was read.
            continue
    return found


def _decided(rows: Sequence[ColourRow], rules: RuleSet, at: datetime) -> list[CheckedColour]:
    facts = facts_of_many([row.person for row in rows])
    wanted = frozenset(level for rule in rules.rules for level in rule.levels)
    areas = {fact.area for known in facts.values() for fact in known if fact.area}
    periods: dict[str, list[LevelPeriod]] = {}
    for period in levels_around(areas, wanted):
        periods.setdefault(period.area, []).append(period)
    return [
        CheckedColour(
            row,
            decide(
                facts[row.person],
                rules,
                at,
                levels=_levels_for(facts[row.person], periods),
                carries=carries(),
            ),
            rules,
        )
        for row in rows
    ]


def _levels_for(
    facts: Sequence[Fact], periods: Mapping[str, Sequence[LevelPeriod]]
) -> list[LevelPeriod]:
    stays = {fact.area for fact in facts if fact.area}
    areas = dict.fromkeys(area for stay in sorted(stays) for area in areas_for(stay))
    return [period for area in areas for period in periods.get(area, ())]

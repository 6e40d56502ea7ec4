"""From people in their windows to those whom they met: `healthcode.tracing.sql`, asked and told.

A brute-force tracer in the tests says the same in plain loops.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from healthcode.tracing import sql
from healthcode.tracing.kinds import LONGEST, PlaceKind, Strength

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
A_DAY: Final = timedelta(days=1)
STRENGTHS: Final = (Strength.CLOSE, Strength.CASUAL, Strength.DOUBTFUL)
"""Of an encounter, in the order in which the statement numbers them from 1."""

_KINDS: Final = {kind.value: kind for kind in PlaceKind}


class Window(NamedTuple):
    """A person, and the time in which others may have caught it from them (half-open)."""

    person: int
    starts: datetime
    ends: datetime


class Encounter(NamedTuple):
    """`person` met the window's person at a place: the latest of `times` times at this strength.

    `first_at` is when the first of them began.
    """

    person: int
    strength: Strength
    place: int
    kind: PlaceKind
    name: str
    starts: datetime
    ends: datetime
    first_at: datetime
    times: int


class SecondaryEncounter(NamedTuple):
    """Somebody met the close contact `of` the case, since that one had met it."""

    of: int
    encounter: Encounter


@dataclass(frozen=True, slots=True)
class Chain:
    """A case, whom it met, and whom its close contacts met."""

    case: Window
    contacts: tuple[Encounter, ...]
    secondary: tuple[SecondaryEncounter, ...]

    @property
    def people(self) -> frozenset[int]:
        """Everybody in it but the case."""
        met = {contact.person for contact in self.contacts}
        return frozenset(met | {second.encounter.person for second in self.secondary})


def encounters(
    windows: Sequence[Window], *, only: Sequence[Strength] = STRENGTHS
) -> list[list[Encounter]]:
    """Whom the person of each window met, by person and strength. One query, however many."""
    found: list[list[Encounter]] = [[] for _ in windows]
    if not windows:
        return found
    days_back = -(-LONGEST // A_DAY)
    first_day = min(window.starts for window in windows).astimezone(SHANGHAI).date()
    bound: dict[str, Any] = {
        "measures": sql.measures_json(),
        "people": [window.person for window in windows],
        "starts": [window.starts for window in windows],
        "ends": [window.ends for window in windows],
        "longest": LONGEST,
        "days_back": days_back,
        "first_day": first_day - days_back * A_DAY,
        "last_day": max(window.ends for window in windows).astimezone(SHANGHAI).date(),
        "strengths": [STRENGTHS.index(strength) + 1 for strength in only],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.ENCOUNTERS, bound)
        for number, person, strength, place, kind, *rest in cursor.fetchall():
            met = Encounter(person, STRENGTHS[strength - 1], place, _KINDS[kind], *rest)
            found[number - 1].append(met)
    return found


def trace(cases: Sequence[Window], *, at: datetime) -> list[Chain]:
    """The chain of each case: contacts, and until `at` the contacts of the close ones. Two queries.

    Of the second ring only close encounters count. Whoever is a close contact of the case already
    is not told twice.
    """
    first = encounters(cases)
    asked: list[tuple[int, Window]] = []
    for number, contacts in enumerate(first):
        asked += [
            (number, Window(contact.person, contact.first_at, at))
            for contact in contacts
            if contact.strength is Strength.CLOSE and contact.first_at < at
        ]
    met = encounters([window for _, window in asked], only=[Strength.CLOSE])
    near = [
        {case.person, *(met.person for met in contacts if met.strength is Strength.CLOSE)}
        for case, contacts in zip(cases, first, strict=True)
    ]
    second: dict[int, list[SecondaryEncounter]] = defaultdict(list)
    for (number, window), others in zip(asked, met, strict=True):
        second[number] += [
            SecondaryEncounter(window.person, other)
            for other in others
            if other.person not in near[number]
        ]
    return [
        Chain(case, tuple(contacts), tuple(second[number]))
        for number, (case, contacts) in enumerate(zip(cases, first, strict=True))
    ]

"""From people in their windows to those whom they met: `healthcode.tracing.sql`, asked and told.

A brute-force tracer in the tests says the same in plain loops.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from healthcode.tracing import sql
from healthcode.tracing.kinds import LONGEST, PlaceKind, Strength

A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A person, and the time in which others may have caught it from them (half-open)."""

    person: int
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Encounter:
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


@dataclass(frozen=True, slots=True)
class SecondaryEncounter:
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


def encounters(windows: Sequence[Window]) -> list[list[Encounter]]:
    """Whom the person of each window met, by person and strength. One query, however many."""
    found: list[list[Encounter]] = [[] for _ in windows]
    if not windows:
        return found
    bound: dict[str, Any] = {
        "measures": sql.measures_json(),
        "people": [window.person for window in windows],
        "starts": [window.starts for window in windows],
        "ends": [window.ends for window in windows],
        "longest": LONGEST,
        "days_back": -(-LONGEST // A_DAY),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.ENCOUNTERS, bound)
        for number, person, strength, place, kind, *rest in cursor.fetchall():
            met = Encounter(person, Strength(strength), place, PlaceKind(kind), *rest)
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
    met = encounters([window for _, window in asked])
    second: dict[int, list[SecondaryEncounter]] = defaultdict(list)
    for (number, window), others in zip(asked, met, strict=True):
        near = _close_to(first[number]) | {cases[number].person}
        second[number] += [
            SecondaryEncounter(window.person, other)
            for other in others
            if other.strength is Strength.CLOSE and other.person not in near
        ]
    return [
        Chain(case, tuple(contacts), tuple(second[number]))
        for number, (case, contacts) in enumerate(zip(cases, first, strict=True))
    ]


def _close_to(contacts: Sequence[Encounter]) -> set[int]:
    return {contact.person for contact in contacts if contact.strength is Strength.CLOSE}

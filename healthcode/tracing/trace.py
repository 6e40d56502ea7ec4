"""From people in their windows to those whom they met: `healthcode.tracing.sql`, asked and told.

A brute-force tracer in the tests says the same in plain loops.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from healthcode.tracing import sql
from healthcode.tracing.kinds import LONGEST, PlaceKind, Strength
from healthcode.web.days import day_of

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


@dataclass(frozen=True, slots=True)
class Circle:
    """Windows, and people of whom these need not be told."""

    windows: Sequence[Window]
    known: Collection[int] = ()


def encounters(
    circles: Sequence[Circle], *, only: Sequence[Strength] = STRENGTHS
) -> list[list[list[Encounter]]]:
    """Whom the person of each window of each circle met, by person and strength.

    One query, however many.
    """
    found: list[list[list[Encounter]]] = [[[] for _ in circle.windows] for circle in circles]
    places = [met for of_circle in found for met in of_circle]
    if not places:
        return found
    with connection.cursor() as cursor:
        cursor.execute(sql.ENCOUNTERS, _bound(circles, only))
        for number, person, strength, place, kind, *rest in cursor:
            met = Encounter(person, STRENGTHS[strength - 1], place, _KINDS[kind], *rest)
            places[number - 1].append(met)
    return found


def trace(cases: Sequence[Window], *, at: datetime) -> list[Chain]:
    """The chain of each case: contacts, and until `at` the contacts of the close ones. Two queries.

    Of the second ring only close encounters count. Whoever is a close contact of the case already
    is not told twice.
    """
    first = [contacts for (contacts,) in encounters([Circle([case]) for case in cases])]
    circles = [_circle_of(case, met, at) for case, met in zip(cases, first, strict=True)]
    second = encounters(circles, only=[Strength.CLOSE])
    return [
        Chain(
            case,
            tuple(contacts),
            tuple(
                SecondaryEncounter(window.person, other)
                for window, others in zip(circle.windows, met, strict=True)
                for other in others
            ),
        )
        for case, contacts, circle, met in zip(cases, first, circles, second, strict=True)
    ]


def _circle_of(case: Window, contacts: Sequence[Encounter], at: datetime) -> Circle:
    """The close contacts of a case, each from the first time that it met the case."""
    close = [contact for contact in contacts if contact.strength is Strength.CLOSE]
    windows = [Window(met.person, met.first_at, at) for met in close if met.first_at < at]
    return Circle(windows, {case.person, *(met.person for met in close)})


def _bound(circles: Sequence[Circle], only: Sequence[Strength]) -> dict[str, Any]:
    windows = [window for circle in circles for window in circle.windows]
    days_back = -(-LONGEST // A_DAY)
    first_day = day_of(min(window.starts for window in windows))
    return {
        "measures": sql.measures_json(),
        "circle_of": [n for n, circle in enumerate(circles) for _ in circle.windows],
        "people": [window.person for window in windows],
        "starts": [window.starts for window in windows],
        "ends": [window.ends for window in windows],
        "circles": [n for n, circle in enumerate(circles) for _ in circle.known],
        "known": [person for circle in circles for person in circle.known],
        "longest": LONGEST,
        "days_back": days_back,
        "first_day": first_day - days_back * A_DAY,
        "last_day": day_of(max(window.ends for window in windows)),
        "strengths": [STRENGTHS.index(strength) + 1 for strength in only],
    }

"""Find whom given people met within given periods, with the statement of `healthcode.tracing.sql`.

A test compares the results with those of a brute-force tracer in plain loops.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.merging import groups_of
from healthcode.tracing import sql
from healthcode.tracing.kinds import LONGEST, PlaceKind, Strength
from healthcode.web.days import day_of

A_DAY: Final = timedelta(days=1)
STRENGTHS: Final = (Strength.CLOSE, Strength.CASUAL, Strength.DOUBTFUL)
"""The strengths of an encounter; the SQL statement numbers them from 1 in this order."""

_KINDS: Final = {kind.value: kind for kind in PlaceKind}


class Window(NamedTuple):
    """A person, and the half-open period in which they may have infected others."""

    person: int
    starts: datetime
    ends: datetime


class Encounter(NamedTuple):
    """`person` and the person of a window were at the same place at the same time.

    If they met `times` times at this strength, place and times are those of the latest meeting;
    `first_at` is when the first meeting began.
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
    """Somebody met the close contact `of`, after that contact had met the case."""

    of: int
    encounter: Encounter


@dataclass(frozen=True, slots=True)
class Chain:
    """A case, the people who met it, and the people who met its close contacts."""

    case: Window
    contacts: tuple[Encounter, ...]
    secondary: tuple[SecondaryEncounter, ...]

    @property
    def people(self) -> frozenset[int]:
        """Everybody in the chain except the case."""
        met = {contact.person for contact in self.contacts}
        return frozenset(met | {second.encounter.person for second in self.secondary})


@dataclass(frozen=True, slots=True)
class Circle:
    """Windows to search, and the people `known` already, who are left out of the results."""

    windows: Sequence[Window]
    known: Collection[int] = ()


def encounters(
    circles: Sequence[Circle], *, only: Sequence[Strength] = STRENGTHS
) -> list[list[list[Encounter]]]:
    """Return, for each circle and each of its windows, the encounters by person and strength.

    All circles take one query together.
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
    """Return the chain of each case: its contacts, and the contacts of its close contacts.

    The second ring reaches until `at` and has only close encounters. It leaves out close contacts
    of the case. Whoever has several merged registrations was where any of them was. Four queries.
    """
    merged = groups_of({case.person for case in cases})
    own = [_every([case], merged) for case in cases]
    met = encounters([Circle(windows, _people(windows)) for windows in own])
    first = [[contact for contacts in of_case for contact in contacts] for of_case in met]
    merged = {**merged, **groups_of({one.person for contacts in first for one in contacts})}
    rings = [_ring_of(case, close, at, merged) for case, close in zip(cases, first, strict=True)]
    second = encounters([ring.circle for ring in rings], only=[Strength.CLOSE])
    return [
        Chain(
            case,
            tuple(contacts),
            tuple(
                SecondaryEncounter(contact, other)
                for contact, others in zip(ring.contacts, met_later, strict=True)
                for other in others
            ),
        )
        for case, contacts, ring, met_later in zip(cases, first, rings, second, strict=True)
    ]


def of_all_registrations(windows: Sequence[Window]) -> list[Window]:
    """Return `windows`, and the same for registrations that are merged with these people's."""
    return _every(windows, groups_of(_people(windows)))


class _Ring(NamedTuple):
    """Windows of close contacts, each with the contact of the case that it is about."""

    contacts: Sequence[int]
    circle: Circle


def _ring_of(
    case: Window, contacts: Sequence[Encounter], at: datetime, merged: Mapping[int, Sequence[int]]
) -> _Ring:
    """Return windows for each close contact, from its first meeting with the case until `at`."""
    close = [contact for contact in contacts if contact.strength is Strength.CLOSE]
    known = {case.person, *(met.person for met in close)}
    windows = [
        (met.person, window)
        for met in close
        if met.first_at < at
        for window in _every([Window(met.person, met.first_at, at)], merged)
        # A contact who met the case under two documents has windows of both already.
        if window.person == met.person or window.person not in known
    ]
    known |= {number for person in known for number in merged.get(person, ())}
    return _Ring([person for person, _ in windows], Circle([one for _, one in windows], known))


def _every(windows: Sequence[Window], merged: Mapping[int, Sequence[int]]) -> list[Window]:
    return [
        window._replace(person=number)
        for window in windows
        for number in merged.get(window.person, (window.person,))
    ]


def _people(windows: Sequence[Window]) -> set[int]:
    return {window.person for window in windows}


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

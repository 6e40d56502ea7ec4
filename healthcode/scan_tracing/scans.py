"""Scans and the people behind them, in sets: from people to their scans, and back from scans.

A code's pseudonym is its index in a status list of the day on which it was made. The issuer's
permutation leads from people to indexes and back, thousands at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from accounts.models import Person
from healthcode.codes.status_lists.indexes import (
    NUMBERS_A_PERSON,
    Part,
    number_of,
    parts_of,
)
from healthcode.tracing.kinds import MEASURES, VENUES, PlaceKind
from healthcode.tracing.recording import DoorVenue, NewPresence, record_presences, venue_places
from healthcode.tracing.trace import Window
from healthcode.web.days import day_of, start_of_day

LONGEST: Final = max(MEASURES[kind].longest for kind in VENUES)
"""How long a visit to any venue may be."""

# A code that was not genuine says nothing of anybody.
NOT_GENUINE: Final = ("bad_signature", "unknown_key", "unknown_issuer", "malformed")
# One that had run out may be a picture that was sent on: it does not place its holder for sure.
RUN_OUT: Final = ("expired", "not_yet_valid")

# How often each person's colour changed up to now, and whether it did since then.
CHANGES: Final = """
SELECT person_id, changes, since >= %(since)s
FROM colours_personcolour WHERE person_id = ANY(%(people)s::bigint[])
"""
# 1. Where codes with these pseudonyms were scanned, each within its window.
OWN: Final = """
SELECT DISTINCT scan.venue_id, venue.kind, scan.scanned_at
FROM unnest(%(uris)s::text[], %(indexes)s::bigint[], %(starts)s::timestamptz[],
            %(ends)s::timestamptz[]) AS code (uri, idx, starts, ends)
CROSS JOIN LATERAL (
    SELECT venue_id, scanned_at FROM verifier_scan
    WHERE status_idx = code.idx AND status_uri = code.uri
      AND scanned_at BETWEEN code.starts AND code.ends
      AND day BETWEEN (code.starts AT TIME ZONE 'Asia/Shanghai')::date
              AND (code.ends AT TIME ZONE 'Asia/Shanghai')::date
      AND issuer = %(issuer)s AND reason <> ALL(%(not_genuine)s)
    OFFSET 0
) AS scan
JOIN verifier_venue AS venue ON venue.id = scan.venue_id
"""
# 2. What was scanned at these venues in these times.
AROUND: Final = """
SELECT DISTINCT scan.status_uri, scan.status_idx, scan.venue_id, scan.scanned_at,
       device.at_exit, scan.reason <> ALL(%(run_out)s)
FROM unnest(%(venues)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS around (venue, starts, ends)
CROSS JOIN LATERAL (
    SELECT * FROM verifier_scan
    WHERE venue_id = around.venue AND scanned_at BETWEEN around.starts AND around.ends
      AND day BETWEEN (around.starts AT TIME ZONE 'Asia/Shanghai')::date
              AND (around.ends AT TIME ZONE 'Asia/Shanghai')::date
      AND issuer = %(issuer)s AND reason <> ALL(%(not_genuine)s)
    OFFSET 0
) AS scan
JOIN verifier_device AS device ON device.id = scan.device_id
ORDER BY scan.scanned_at
"""
VENUES_NAMED: Final = "SELECT id, kind, name, area FROM verifier_venue WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody's code was scanned at a venue."""

    venue: int
    kind: PlaceKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person's code was scanned at a venue; `sure`: it had not run out."""

    person: int
    venue: int
    at: datetime
    at_exit: bool
    sure: bool


def place_around(windows: Sequence[Window]) -> None:
    """Store where the people of the windows were scanned in them, and who else was then there.

    Raises:
        DoesNotSign: this process has not the key of the pseudonyms.
    """
    if not windows:
        return
    parts = _parts(windows)
    visits = _own_scans(windows, parts)
    sightings = _resolve(_scans_around(visits), parts)
    _store(sightings)


def _parts(windows: Sequence[Window]) -> list[Part]:
    """The lists in which a code that was alive in the windows, or shortly before, has its index."""
    oldest = timedelta(seconds=max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS))
    first = min(window.starts for window in windows) - oldest - LONGEST
    return parts_of(day_of(first), day_of(max(window.ends for window in windows) + LONGEST))


def _own_scans(windows: Sequence[Window], parts: Sequence[Part]) -> list[Visit]:
    """The venues at which the windows' people were scanned, and when."""
    used = _numbers_used([window.person for window in windows], parts)
    uris: list[str] = []
    indexes: list[int] = []
    starts: list[datetime] = []
    ends: list[datetime] = []
    for part in parts:
        codes = [
            (window, changes)
            for window in windows
            if part.is_for(window.person)
            for changes in used.get(window.person, ())
        ]
        indexes += part.indexes_of(number_of(window.person, changes) for window, changes in codes)
        uris += [part.uri] * len(codes)
        # Who came before the window began may have been there when it did.
        starts += [window.starts - LONGEST for window, _ in codes]
        ends += [window.ends for window, _ in codes]
    bound = {"uris": uris, "indexes": indexes, "starts": starts, "ends": ends}
    return [Visit(venue, PlaceKind(kind), at) for venue, kind, at in _rows(OWN, bound)]


def _numbers_used(people: Sequence[int], parts: Sequence[Part]) -> Mapping[int, Iterable[int]]:
    """After how many changes of colour each person's codes of these lists may have been made."""
    if not parts:
        return {}
    since = start_of_day(min(part.day for part in parts))
    found = _rows(CHANGES, {"people": people, "since": since})
    # Whoever's colour changed may have had any of their numbers; nobody else has one of these.
    earlier = NUMBERS_A_PERSON - 1
    return {
        person: range(changes - min(changes, earlier) if changed else changes, changes + 1)
        for person, changes, changed in found
    }


def _scans_around(visits: Iterable[Visit]) -> list[tuple[Any, ...]]:
    """Every scan at the venues that may be of somebody who was there at the time."""
    spans = list(_spans(visits))
    bound = {
        "venues": [venue for venue, _, _ in spans],
        "starts": [starts for _, starts, _ in spans],
        "ends": [ends for _, _, ends in spans],
        "run_out": list(RUN_OUT),
    }
    return _rows(AROUND, bound) if spans else []


def _spans(visits: Iterable[Visit]) -> Iterable[tuple[int, datetime, datetime]]:
    """For each venue the times to look at, those that touch joined into one."""
    by_venue: dict[tuple[int, PlaceKind], list[datetime]] = defaultdict(list)
    for visit in visits:
        by_venue[visit.venue, visit.kind].append(visit.at)
    for (venue, kind), times in by_venue.items():
        times.sort()
        # Who were there together came within the longest visit of each other, and left within it.
        longest = MEASURES[kind].longest
        begins = times[0] - longest
        for at, following in zip(times, [*times[1:], None], strict=True):
            if following is None or following - at > 3 * longest:
                yield venue, begins, at + 2 * longest
                begins = following - longest if following else begins


def _resolve(scans: Iterable[tuple[Any, ...]], parts: Sequence[Part]) -> list[Sighting]:
    """Who was scanned; scans of lists that are not known any more are nobody's."""
    by_list: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for uri, *rest in scans:
        by_list[uri].append(tuple(rest))
    found = []
    for part in parts:
        rows = by_list.get(part.uri, [])
        holders = part.holders_of([row[0] for row in rows])
        found += [
            Sighting(person, *row[1:]) for (person, _), row in zip(holders, rows, strict=True)
        ]
    known = set(
        Person.objects.filter(pk__in={s.person for s in found}).values_list("pk", flat=True)
    )
    return [sighting for sighting in found if sighting.person in known]


def _store(sightings: Sequence[Sighting]) -> None:
    numbers = sorted({sighting.venue for sighting in sightings})
    with connection.cursor() as cursor:
        cursor.execute(VENUES_NAMED, [numbers])
        venues = [DoorVenue(id_, PlaceKind(kind), *rest) for id_, kind, *rest in cursor.fetchall()]
    places = venue_places(venues)
    kinds = {venue.number: venue.kind for venue in venues}
    grouped: dict[tuple[int, int], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        grouped[sighting.person, sighting.venue].append(sighting)
    record_presences(
        [
            NewPresence(person, places[venue], kinds[venue], starts, ends, sure)
            for (person, venue), seen in grouped.items()
            for starts, ends, sure in visits_of(seen, kinds[venue])
        ]
    )


def visits_of(
    seen: Iterable[Sighting], kind: PlaceKind
) -> Iterable[tuple[datetime, datetime | None, bool]]:
    """A person's visits to one venue: from each entry to the next exit, if there was one.

    An exit without an entry ends a visit of the usual length.
    """
    measure = MEASURES[kind]
    entered: Sighting | None = None
    for sighting in sorted(seen, key=lambda one: (one.at, one.at_exit)):
        if not sighting.at_exit:
            if entered is not None:
                yield entered.at, None, entered.sure
            entered = sighting
        elif entered is not None and entered.at < sighting.at <= entered.at + measure.longest:
            yield entered.at, sighting.at, entered.sure or sighting.sure
            entered = None
        else:
            if entered is not None:
                yield entered.at, None, entered.sure
            yield sighting.at - measure.dwell, sighting.at, sighting.sure
            entered = None
    if entered is not None:
        yield entered.at, None, entered.sure


def _rows(statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
    scanned = {"issuer": settings.ISSUER, "not_genuine": list(NOT_GENUINE)}
    with connection.cursor() as cursor:
        cursor.execute(statement, bound | scanned)
        return list(cursor.fetchall())

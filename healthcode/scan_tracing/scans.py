"""Find the scans of given people, and the people behind given scans, thousands at a time.

A scan holds only the pseudonym of a code: an index in a status list of the day on which the code
was made. The issuer's secret permutation leads from a person to the index and back.
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
"""The longest visit to any kind of venue."""

# A code that is not genuine says nothing about anybody.
NOT_GENUINE: Final = ("bad_signature", "unknown_key", "unknown_issuer", "malformed")
# A code outside its time may be a picture that somebody sent on. Its holder was perhaps not there.
OUTSIDE_ITS_TIME: Final = ("expired", "not_yet_valid")

# How often each person's colour has changed until now, and whether it changed since `since`.
CHANGES: Final = """
SELECT person_id, changes, since >= %(since)s
FROM colours_personcolour WHERE person_id = ANY(%(people)s::bigint[])
"""
# Where and when codes with these pseudonyms were scanned, each within its own window.
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
# All scans at these venues within these periods.
AROUND: Final = """
SELECT DISTINCT scan.status_uri, scan.status_idx, scan.venue_id, scan.scanned_at,
       device.at_exit, scan.reason <> ALL(%(outside_its_time)s)
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
class VenueScan:
    """A code of the people who are searched was scanned at a venue."""

    venue: int
    kind: PlaceKind
    at: datetime


@dataclass(frozen=True, slots=True)
class ResolvedScan:
    """A scan at a venue whose person is known; `sure` means that the code was within its time."""

    person: int
    venue: int
    at: datetime
    at_exit: bool
    sure: bool


def place_around(windows: Sequence[Window]) -> None:
    """Store presences of the people of the windows, and of everybody who was there with them.

    Raises:
        DoesNotSign: this process does not have the key of the pseudonyms.
    """
    if not windows:
        return
    parts = _parts(windows)
    own_scans = _own_scans(windows, parts)
    _store(_resolve(_scans_around(own_scans), parts))


def _parts(windows: Sequence[Window]) -> list[Part]:
    """Return the parts of status lists that hold the index of any code valid in the windows.

    They begin earlier by the longest life of a code and the longest visit.
    """
    oldest = timedelta(seconds=max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS))
    first = min(window.starts for window in windows) - oldest - LONGEST
    return parts_of(day_of(first), day_of(max(window.ends for window in windows) + LONGEST))


def _own_scans(windows: Sequence[Window], parts: Sequence[Part]) -> list[VenueScan]:
    """Return at which venues the people of the windows were scanned, and when."""
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
        # Somebody who came before the window began may still have been there when it began.
        starts += [window.starts - LONGEST for window, _ in codes]
        ends += [window.ends for window, _ in codes]
    bound = {"uris": uris, "indexes": indexes, "starts": starts, "ends": ends}
    return [VenueScan(venue, PlaceKind(kind), at) for venue, kind, at in _rows(OWN, bound)]


def _numbers_used(people: Sequence[int], parts: Sequence[Part]) -> Mapping[int, Iterable[int]]:
    """Return which numbers of colour changes the codes of each person may have in these lists.

    The index of a code depends on how often the person's colour had changed when it was made.
    """
    if not parts:
        return {}
    since = start_of_day(min(part.day for part in parts))
    found = _rows(CHANGES, {"people": people, "since": since})
    # If the colour changed since then, any earlier number is possible; otherwise only the present.
    earlier = NUMBERS_A_PERSON - 1
    return {
        person: range(changes - min(changes, earlier) if changed else changes, changes + 1)
        for person, changes, changed in found
    }


def _scans_around(own_scans: Iterable[VenueScan]) -> list[tuple[Any, ...]]:
    """Return every scan that may belong to somebody who was at a venue at the same time."""
    spans = list(_spans(own_scans))
    bound = {
        "venues": [venue for venue, _, _ in spans],
        "starts": [starts for _, starts, _ in spans],
        "ends": [ends for _, _, ends in spans],
        "outside_its_time": list(OUTSIDE_ITS_TIME),
    }
    return _rows(AROUND, bound) if spans else []


def _spans(own_scans: Iterable[VenueScan]) -> Iterable[tuple[int, datetime, datetime]]:
    """Yield the periods to search at each venue; periods that overlap become one."""
    by_venue: dict[tuple[int, PlaceKind], list[datetime]] = defaultdict(list)
    for scan in own_scans:
        by_venue[scan.venue, scan.kind].append(scan.at)
    for (venue, kind), times in by_venue.items():
        times.sort()
        # Two people who were there together arrived at most one longest visit apart, and each left
        # within one longest visit of arriving.
        longest = MEASURES[kind].longest
        begins = times[0] - longest
        for at, following in zip(times, [*times[1:], None], strict=True):
            if following is None or following - at > 3 * longest:
                yield venue, begins, at + 2 * longest
                begins = following - longest if following else begins


def _resolve(scans: Iterable[tuple[Any, ...]], parts: Sequence[Part]) -> list[ResolvedScan]:
    """Find the person of each scan; leave out scans whose status list is no longer known."""
    by_list: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for uri, *rest in scans:
        by_list[uri].append(tuple(rest))
    found = []
    for part in parts:
        rows = by_list.get(part.uri, [])
        holders = part.holders_of([row[0] for row in rows])
        found += [
            ResolvedScan(person, *row[1:]) for (person, _), row in zip(holders, rows, strict=True)
        ]
    known = set(
        Person.objects.filter(pk__in={s.person for s in found}).values_list("pk", flat=True)
    )
    return [scan for scan in found if scan.person in known]


def _store(scans: Sequence[ResolvedScan]) -> None:
    numbers = sorted({scan.venue for scan in scans})
    with connection.cursor() as cursor:
        cursor.execute(VENUES_NAMED, [numbers])
        venues = [DoorVenue(id_, PlaceKind(kind), *rest) for id_, kind, *rest in cursor.fetchall()]
    places = venue_places(venues)
    kinds = {venue.number: venue.kind for venue in venues}
    grouped: dict[tuple[int, int], list[ResolvedScan]] = defaultdict(list)
    for scan in scans:
        grouped[scan.person, scan.venue].append(scan)
    record_presences(
        [
            NewPresence(person, places[venue], kinds[venue], starts, ends, sure)
            for (person, venue), own in grouped.items()
            for starts, ends, sure in visits_of(own, kinds[venue])
        ]
    )


def visits_of(
    scans: Iterable[ResolvedScan], kind: PlaceKind
) -> Iterable[tuple[datetime, datetime | None, bool]]:
    """Yield a person's visits to one venue as (from, to, sure); `to` is None without an exit scan.

    A visit lasts from a scan at the entrance to the next scan at an exit. An exit without an
    entrance ends a visit of the usual length.
    """
    measure = MEASURES[kind]
    entered: ResolvedScan | None = None
    for scan in sorted(scans, key=lambda scan: (scan.at, scan.at_exit)):
        if not scan.at_exit:
            if entered is not None:
                yield entered.at, None, entered.sure
            entered = scan
        elif entered is not None and entered.at < scan.at <= entered.at + measure.longest:
            yield entered.at, scan.at, entered.sure or scan.sure
            entered = None
        else:
            if entered is not None:
                yield entered.at, None, entered.sure
            yield scan.at - measure.dwell, scan.at, scan.sure
            entered = None
    if entered is not None:
        yield entered.at, None, entered.sure


def _rows(statement: str, bound: dict[str, Any]) -> list[tuple[Any, ...]]:
    scanned = {"issuer": settings.ISSUER, "not_genuine": list(NOT_GENUINE)}
    with connection.cursor() as cursor:
        cursor.execute(statement, bound | scanned)
        return list(cursor.fetchall())

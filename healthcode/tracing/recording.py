"""Store where people were: visits, trips, meetings and households. Repeating is harmless."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import Account
from healthcode.tracing.kinds import MEASURES, PlaceKind
from healthcode.tracing.models import Membership, Place

# The end of a repeated presence replaces the stored end, which was assumed if no exit was known.
STORE: Final = """
INSERT INTO tracing_presence AS held
    (day, person_id, place_id, starts, ends, sure, carriage, seat_row)
SELECT DISTINCT ON (place, starts, person)
       (starts AT TIME ZONE 'Asia/Shanghai')::date, person, place, starts, ends, sure,
       carriage, seat_row
FROM jsonb_to_recordset(%s::jsonb) AS given (
    person bigint, place bigint, starts timestamptz, ends timestamptz, sure boolean,
    carriage smallint, seat_row smallint)
ORDER BY place, starts, person, ends DESC
ON CONFLICT (place_id, starts, person_id, day) DO UPDATE
SET ends = excluded.ends, sure = held.sure OR excluded.sure
WHERE (held.ends, held.sure) IS DISTINCT FROM (excluded.ends, held.sure OR excluded.sure)
"""


@dataclass(frozen=True, slots=True)
class NewPresence:
    """A presence to store: a person was at a place from `starts` to `ends`.

    `ends` is None if nobody saw when they left. `sure` means that somebody else saw the person
    there. `carriage` and `seat_row` are set for seats in vehicles.
    """

    person: int
    place: int
    kind: PlaceKind
    starts: datetime
    ends: datetime | None
    sure: bool
    carriage: int | None = None
    seat_row: int | None = None

    @property
    def stored_end(self) -> datetime:
        """The end to store: the one seen, or the assumed one, cut to the longest for this kind."""
        measure = MEASURES[self.kind]
        seen = self.ends or self.starts + measure.dwell
        return min(seen, self.starts + measure.longest)


@dataclass(frozen=True, slots=True)
class DoorVenue:
    """What tracing needs to know about a venue at whose doors codes are scanned."""

    number: int
    kind: PlaceKind
    name: str
    area: str


def venue_places(venues: Iterable[DoorVenue]) -> Mapping[int, int]:
    """Create or update the places of these venues; return place ids by venue number."""
    rows = Place.objects.bulk_create(
        [Place(kind=v.kind, name=v.name, area=v.area, venue=v.number) for v in venues],
        update_conflicts=True,
        unique_fields=["venue"],
        update_fields=["kind", "name", "area"],
    )
    return {row.venue: row.pk for row in rows if row.venue is not None}


def reported_places(
    *, source: Account, places: Iterable[Place]
) -> Mapping[tuple[PlaceKind, str], int]:
    """Create or update places that a source reports; return their ids by kind and reference.

    If two have the same kind and reference, the last one counts.
    """
    named = {(PlaceKind(place.kind), str(place.reference)): place for place in places}
    for place in named.values():
        place.source = source
    rows = Place.objects.bulk_create(
        named.values(),
        update_conflicts=True,
        unique_fields=["source", "kind", "reference"],
        update_fields=["name", "area"],
    )
    return {name: row.pk for name, row in zip(named, rows, strict=True)}


def record_presences(presences: Sequence[NewPresence]) -> None:
    """Store all presences in one statement; the people and places must exist."""
    if presences:
        with connection.cursor() as cursor:
            cursor.execute(STORE, [json.dumps([_row(presence) for presence in presences])])


def record_memberships(members: Iterable[Membership]) -> None:
    """Store who lives in which household; fill in an end that has become known since."""
    Membership.objects.bulk_create(
        members,
        update_conflicts=True,
        unique_fields=["place", "person", "starts"],
        update_fields=["ends"],
    )


def _row(presence: NewPresence) -> dict[str, object]:
    return {
        "person": presence.person,
        "place": presence.place,
        "starts": presence.starts.isoformat(),
        "ends": presence.stored_end.isoformat(),
        "sure": presence.sure,
        "carriage": presence.carriage,
        "seat_row": presence.seat_row,
    }

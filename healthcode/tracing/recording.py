"""Storing where people were: visits, trips, meetings and households; the same line stores once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from accounts.models import Account
from healthcode.tracing.kinds import MEASURES, PlaceKind
from healthcode.tracing.models import Membership, Place

# An exit that becomes known later replaces the one that was assumed.
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
    """Somebody was at a place from `starts`; `ends` None: when they left was not seen.

    `sure`: somebody else saw them there. `carriage` and `seat_row` are those of a vehicle.
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
        """When it is taken to have ended: as seen, within what its kind of place allows."""
        measure = MEASURES[self.kind]
        seen = self.ends or self.starts + measure.dwell
        return min(seen, self.starts + measure.longest)


@dataclass(frozen=True, slots=True)
class DoorVenue:
    """What tracing has to know of a venue with a door."""

    number: int
    kind: PlaceKind
    name: str
    area: str


def venue_places(venues: Iterable[DoorVenue]) -> Mapping[int, int]:
    """The places of these venues, by venue number; made or brought up to date."""
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
    """The numbers of places that a source names by kind and reference; made or brought up to date.

    Of two that are named alike the last counts.
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
    """Store them in one statement; people and places must exist."""
    if presences:
        with connection.cursor() as cursor:
            cursor.execute(STORE, [json.dumps([_row(presence) for presence in presences])])


def record_memberships(members: Iterable[Membership]) -> None:
    """Store who lives in which household; an end that has become known is filled in."""
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

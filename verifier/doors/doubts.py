"""Find codes that were probably shown as copies, such as screenshots, and tell the venues.

A phone renews its code every few minutes, so each picture is valid only for minutes. If a picture
is scanned in two cities within that time, or more than five times at one venue, it is probably a
copy. We call this suspicion a doubt. A doubt is no proof, so it changes no verdict.

Doors do not wait for this check. Every 15 seconds a task checks the scans that arrived since its
last run (docs/decisions/0013-doubts.md).
"""

import base64
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from healthcode.web.days import day_of
from verifier.doors.scanning import MAX_SCAN_AGE
from verifier.models import Device, Doubt, DoubtsLooked, Venue

MOST_AT_ONE_VENUE: Final = 5
"""Scans of one picture at one venue that are normal, such as second tries. More make a doubt."""

STEP: Final = timedelta(minutes=5)
"""The time span that one transaction covers, so that no transaction is huge after a long pause."""

OVERLAP: Final = timedelta(minutes=1)
"""How far a run reaches into the one before: a scan becomes visible only after `received_at`."""

FIRST_LOOK: Final = timedelta(hours=1)
"""How far back the very first run looks."""

MOST_TOLD: Final = 50
MOST_TOLD_AT_DOORS: Final = 3
MOST_DOORS_NAMED: Final = 5

TOLD_AT_DOORS_FOR: Final = timedelta(minutes=10)
"""How long doors show a doubt. After ten minutes the person is far from the door."""

_CITY_DIGITS: Final = 4
_TAG_BYTES: Final = 5

# `fresh`: the pictures among the scans just received. `at_venues`: all scans of these pictures, by
# venue. Expired pictures are left out, because the door refused them and said so.
_FIND: Final = """
WITH fresh AS (
    SELECT DISTINCT shown_at, status_idx, status_uri FROM verifier_scan
    WHERE day BETWEEN %(from_day)s AND %(to_day)s AND shown_at IS NOT NULL
      AND received_at > %(since)s AND received_at <= %(upto)s AND reason <> 'expired'
), at_venues AS (
    SELECT status_uri, status_idx, shown_at, venue_id, left(venue.area, %(digits)s) AS city,
           count(*) AS scans, min(scanned_at) AS first_at, max(scanned_at) AS last_at,
           array_agg(DISTINCT device_id) AS devices
    FROM fresh
    JOIN verifier_scan AS scan USING (shown_at, status_idx, status_uri)
    JOIN verifier_venue AS venue ON venue.id = scan.venue_id
    WHERE scan.day BETWEEN %(from_day)s AND %(to_day)s AND scan.reason <> 'expired'
    GROUP BY status_uri, status_idx, shown_at, venue_id, city
), compared AS (
    SELECT *, min(city) OVER picture <> max(city) OVER picture AS elsewhere FROM at_venues
    WINDOW picture AS (PARTITION BY status_uri, status_idx, shown_at)
)
SELECT status_uri, status_idx, shown_at, venue_id, scans, first_at, last_at, devices,
       elsewhere
FROM compared WHERE elsewhere OR scans > %(most)s
"""


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A doubted picture at one venue. The fields are the columns of `_FIND`, in order."""

    status_uri: str
    status_idx: int
    shown_at: datetime
    venue: int
    scans: int
    first_at: datetime
    last_at: datetime
    devices: list[int]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class ToldAtDoors:
    """A doubt as doors are told of it, without anything that stands for the holder.

    `kind` is that of `Doubt`, and `doors` are the labels of the devices that scanned the picture.
    """

    kind: str
    scans: int
    last_at: datetime
    doors: tuple[str, ...]


def look(*, at: datetime) -> int:
    """Go through the scans received since the last run.

    Return how many doubts were found or updated. It may be repeated. Of two that run at once, the
    second does nothing.
    """
    DoubtsLooked.objects.get_or_create(pk=1, defaults={"upto": at - FIRST_LOOK})
    found = 0
    while True:
        with transaction.atomic():
            looked = DoubtsLooked.objects.select_for_update(skip_locked=True).filter(pk=1).first()
            if looked is None or looked.upto >= at:
                return found
            upto = min(at, looked.upto + STEP)
            found += _keep(_find(since=looked.upto - OVERLAP, upto=upto))
            looked.upto = upto
            looked.save()


def of_today(venue: Venue, *, at: datetime) -> QuerySet[Doubt]:
    """Return the venue's newest doubts of the Shanghai day of `at`, at most `MOST_TOLD`."""
    today = Doubt.objects.filter(venue=venue, day=day_of(at))
    return today.order_by("-last_at", "pk")[:MOST_TOLD]


def at_doors(venue: int, *, at: datetime) -> list[ToldAtDoors]:
    """Return the doubts that staff at the venue's doors can still act on at `at`, newest first."""
    found = Doubt.objects.filter(
        venue=venue,
        day__gte=day_of(at - TOLD_AT_DOORS_FOR),
        last_at__gt=at - TOLD_AT_DOORS_FOR,
    )
    # A process of doors may not read the tag, which stands for the holder.
    narrow = found.only("kind", "scans", "last_at", "devices")
    told = list(narrow.order_by("-last_at", "pk")[:MOST_TOLD_AT_DOORS])
    named = {number for doubt in told for number in doubt.devices[:MOST_DOORS_NAMED]}
    labels = dict(Device.objects.filter(pk__in=named).values_list("pk", "label")) if named else {}
    return [
        ToldAtDoors(
            kind=doubt.kind,
            scans=doubt.scans,
            last_at=doubt.last_at,
            doors=tuple(
                labels[number] for number in doubt.devices[:MOST_DOORS_NAMED] if number in labels
            ),
        )
        for doubt in told
    ]


def forget(*, at: datetime) -> int:
    """Delete the doubts that are older than the scans kept. Return how many."""
    oldest = day_of(at) - timedelta(days=settings.SCAN_RETENTION_DAYS)
    return Doubt.objects.filter(day__lt=oldest).delete()[0]


def tag_of(*, venue: int, day: str, status_uri: str, status_idx: int) -> str:
    """Return eight letters and digits that stand for a holder at one venue on one day (ISO 8601).

    The tag is a keyed hash of holder, venue and day. So nobody can use it to follow a holder from
    venue to venue or from day to day, and nobody without the key can compute a holder's tag.
    """
    text = f"verifier:doubt:{venue}:{day}:{status_idx}:{status_uri}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256")
    return base64.b32encode(digest[:_TAG_BYTES]).decode()


def _find(*, since: datetime, upto: datetime) -> list[_Sighting]:
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            {
                "since": since,
                "upto": upto,
                "from_day": day_of(since - MAX_SCAN_AGE),
                "to_day": day_of(upto + timedelta(days=1)),
                "digits": _CITY_DIGITS,
                "most": MOST_AT_ONE_VENUE,
            },
        )
        return [_Sighting(*columns) for columns in cursor.fetchall()]


def _keep(sightings: list[_Sighting]) -> int:
    doubts = [doubt for sighting in sightings for doubt in _doubts_of(sighting)]
    Doubt.objects.bulk_create(
        doubts,
        update_conflicts=True,
        unique_fields=["venue", "day", "tag", "kind", "shown_at"],
        update_fields=["scans", "first_at", "last_at", "devices"],
    )
    return len(doubts)


def _doubts_of(sighting: _Sighting) -> Iterator[Doubt]:
    day = day_of(sighting.shown_at)
    kinds = {"elsewhere": sighting.elsewhere, "often": sighting.scans > MOST_AT_ONE_VENUE}
    for kind, holds in kinds.items():
        if holds:
            yield Doubt(
                venue_id=sighting.venue,
                day=day,
                tag=tag_of(
                    venue=sighting.venue,
                    day=day.isoformat(),
                    status_uri=sighting.status_uri,
                    status_idx=sighting.status_idx,
                ),
                kind=kind,
                shown_at=sighting.shown_at,
                scans=sighting.scans,
                first_at=sighting.first_at,
                last_at=sighting.last_at,
                devices=sighting.devices,
            )

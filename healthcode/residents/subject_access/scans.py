"""Find a person's scans at this service's doors, as long as this is possible.

A scan does not name a person. It has an index in the status list of a day
(docs/decisions/0005-scans-know-no-person.md). Only a process with the secret key of the lists can
find the scans of a person. When a day's lists are deleted, nobody can do this any more.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON, number_of, parts_of
from healthcode.web.days import day_of
from verifier.models import Scan, Venue


def scans_of(person_id: int, *, at: datetime) -> QuerySet[Scan]:
    """Select the kept scans of a person's codes.

    Raises:
        DoesNotSign: this process lacks the key.
    """
    last = day_of(at)
    oldest = last - timedelta(days=settings.SCAN_RETENTION_DAYS)
    theirs = Q(pk__in=[])
    for part in parts_of(oldest, last):
        if part.is_for(person_id):
            codes = [number_of(person_id, changes) for changes in range(NUMBERS_A_PERSON)]
            theirs |= Q(status_uri=part.uri, status_idx__in=part.indexes_of(codes))
    return Scan.objects.filter(theirs, day__gte=oldest)


def scans_told_of(person_id: int, at: datetime) -> list[dict[str, object]]:
    """Return where a person's codes were scanned, in a form for JSON.

    Raises:
        DoesNotSign: this process lacks the key.
    """
    rows = list(scans_of(person_id, at=at).order_by("scanned_at"))
    venues = Venue.objects.in_bulk({row.venue_id for row in rows})
    return [
        {
            "at": row.scanned_at.isoformat(),
            "venue": venues[row.venue_id].name,
            "outcome": row.outcome,
            "reason": row.reason,
        }
        for row in rows
    ]

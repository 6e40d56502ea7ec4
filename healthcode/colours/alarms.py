"""Raise an alarm when unusually many people turn red within an hour who share something.

They may share the officer, the source, or the venue where they met a case. The figures are in the
policy. docs/decisions/0048-alarms.md gives the reasons.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Sum
from prometheus_client import Counter

from healthcode.acts.alarm_models import Alarm, AlarmBy
from healthcode.acts.alarms import record_alarm
from healthcode.acts.models import Proposal
from healthcode.colours.models import ReddenedBy
from healthcode.colours.safeguards import AlarmFigures
from healthcode.colours.turned_red import is_alarming, usual_in
from healthcode.colours.wake import send

logger = logging.getLogger(__name__)

ALARMS: Final = Counter(
    "healthcode_alarms",
    "Alarms because unusually many people would turn red within an hour.",
    ["by"],
)
LONGEST: Final = timedelta(days=1)
"""No policy counts people over a longer time."""


def is_unusual(figures: AlarmFigures, *, reddened: int, area: str, at: datetime) -> bool:
    """Return whether so many people who share something are unusual in an area.

    Args:
        reddened: how many turned red within the alarm's minutes, or would.
        area: short form; empty for the whole country.
    """
    # Nearly always there are too few people for an alarm, whatever is usual.
    if reddened <= figures.people:
        return False
    return is_alarming(figures, reddened=reddened, usual=usual_in(area, figures, at=at))


def note_reddened(by: AlarmBy, people: Mapping[int, int], *, at: datetime) -> None:
    """Store how many people turned red by each source, or at each venue.

    Args:
        people: by the number of the source's account, or of the place.
    """
    ReddenedBy.objects.bulk_create(
        ReddenedBy(by=by, number=number, people=count, at=at)
        for number, count in sorted(people.items())
        if count
    )


def reddened_by(by: AlarmBy, number: int, *, since: datetime) -> int:
    """Return how many people turned red by a source, or at a venue, after `since`. One query."""
    rows = ReddenedBy.objects.filter(by=by, number=number, at__gt=since)
    return rows.aggregate(people=Sum("people"))["people"] or 0


def raise_alarm(
    *,
    by: AlarmBy,
    number: int,
    area: str,
    people: int,
    proposal: Proposal | None = None,
    at: datetime,
) -> Alarm:
    """Record an alarm, and wake the worker that tells whoever can answer it.

    See `record_alarm` for the arguments.
    """
    alarm = record_alarm(by=by, number=number, area=area, people=people, proposal=proposal, at=at)
    count_alarm(by, area)
    transaction.on_commit(partial(send, "confirmation.tell_of_alarms"))
    return alarm


def count_alarm(by: AlarmBy, area: str) -> None:
    """Count an alarm in the metric, and write it to the service's own log."""
    ALARMS.labels(by.value).inc()
    logger.warning(
        "Alarm: unusually many people would turn red within an hour by one %s in area %r. A second "
        "person must look.",
        by.value,
        area,
    )


def forget_reddened(at: datetime) -> int:
    """Delete the counts for which no alarm can ask any more; return how many rows."""
    return ReddenedBy.objects.filter(at__lt=at - LONGEST).delete()[0]

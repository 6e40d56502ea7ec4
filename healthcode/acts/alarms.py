"""Record alarms, and read those that concern an officer."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Prefetch

from accounts.authority import covers
from healthcode.acts.alarm_models import Alarm, AlarmBy, AlarmMessage
from healthcode.acts.log.entries import append_leaf
from healthcode.acts.models import Proposal
from healthcode.core.log.leaves import SALT_BYTES, canonical, record_digest

LEAF: Final = "alarm-raised"
"""The kind of an alarm's leaf in the public log."""
SHOWN: Final = timedelta(days=7)
"""How long an alarm stays on the officers' desk."""


@transaction.atomic(savepoint=False)
def record_alarm(
    *,
    by: AlarmBy,
    number: int,
    area: str,
    people: int,
    proposal: Proposal | None = None,
    at: datetime,
) -> Alarm:
    """Record for good that an alarm was raised; the public log gets a leaf (docs/log.md).

    Args:
        number: of the officer's or source's account, or of the place.
        area: in which so many people are unusual, short form; empty for the whole country.
        people: how many turned red within the minutes of the policy, or would have.
        proposal: the act that waits; None if lines of a source wait.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    alarm = Alarm.objects.create(
        by=by,
        number=number,
        area=area,
        people=people,
        proposal=proposal,
        at=at,
        salt=salt,
    )
    digest = record_digest(salt, alarm_record(alarm))
    append_leaf(kind=LEAF, number=alarm.pk, area=area, count=people, digest=digest, at=at)
    return alarm


def alarm_record(alarm: Alarm) -> bytes:
    """Return the canonical record of an alarm, as RFC 8785 writes it."""
    return canonical(
        {
            "area": alarm.area,
            "at": alarm.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "by": str(alarm.by),
            "by_number": alarm.number,
            "number": alarm.pk,
            "people": alarm.people,
            "proposal": alarm.proposal_id,
        }
    )


def alarms_within(areas: Iterable[str], *, at: datetime) -> list[Alarm]:
    """Return the alarms of the last days that concern these areas, the latest first. Two queries.

    They have their proposals and their messages. An alarm by a source concerns every area that has
    land in common with its own, because the people of its lines may live there. Any other concerns
    an area if it was raised there, or if its proposal touches it.
    """
    told = Prefetch("messages", AlarmMessage.objects.select_related("account").order_by("pk"))
    recent = Alarm.objects.filter(at__gt=at - SHOWN).select_related("proposal")
    known, held = recent.prefetch_related(told).order_by("-pk"), list(areas)
    return [alarm for alarm in known if any(_concerns(alarm, area) for area in held)]


def _concerns(alarm: Alarm, area: str) -> bool:
    if alarm.proposal is None:
        return covers(area, alarm.area) or covers(alarm.area, area)
    touched = [alarm.area, alarm.proposal.area, *alarm.proposal.touched]
    return any(covers(area, code) for code in touched)

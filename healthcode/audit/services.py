"""Audit the stored colours, part by part, so that a worker may die at any point."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from healthcode.audit.models import Audit, AuditFinding, FindingKind
from healthcode.colours.audit import checked_part, unexplained
from healthcode.colours.batches import TimeSource
from healthcode.web.days import SHANGHAI, day_of

logger = logging.getLogger(__name__)

PEOPLE_AT_ONCE: Final = 1000
FIRST_HOUR: Final = 2
"""The hour in Shanghai from which a night's audit may begin. Midnight has changed its colours by
then, and the morning rush is far.
"""
TURN: Final = timedelta(seconds=45)
"""How long one task works on an audit. The next one goes on a minute after this one began."""
ABANDONED_AFTER: Final = timedelta(days=1)


def begin_audit(*, at: datetime) -> Audit:
    """Begin an audit that no night knows of; whoever begins it calls `go_on` until it is done."""
    return Audit.objects.create(started_at=at)


def audit_tonight(*, clock: TimeSource) -> Audit | None:
    """Go on with this night's audit for one turn; return it, or None before its hour.

    An audit that a longer stop interrupted goes on first, unless it is older than a day.

    Raises:
        NoPolicy: no policy is in force.
    """
    at = clock()
    left = Audit.objects.filter(
        night__isnull=False, finished_at__isnull=True, started_at__gt=at - ABANDONED_AFTER
    )
    audit = left.order_by("night").first()
    if audit is None:
        if at.astimezone(SHANGHAI).hour < FIRST_HOUR:
            return None
        audit, _is_new = Audit.objects.get_or_create(night=day_of(at), defaults={"started_at": at})
    until = at + TURN
    while audit.finished_at is None and clock() < until:
        go_on(audit, at=clock())
    return audit


def go_on(audit: Audit, *, at: datetime) -> list[int]:
    """Check the next `PEOPLE_AT_ONCE` people; store how far the audit is, and what it found.

    If another process has checked the same people meanwhile, only one of them stores it. Return the
    numbers of the people whose stored colour nothing explains.

    Raises:
        NoPolicy: no policy is in force at `at`.
    """
    before = audit.after
    checked = checked_part(after=before, most=PEOPLE_AT_ONCE, at=at)
    found = unexplained(checked, at=at)
    for person in found:
        logger.error(
            "The stored colour of person %d does not follow from the evidence. Somebody may have "
            "edited the database.",
            person,
        )
    is_last = len(checked) < PEOPLE_AT_ONCE
    with transaction.atomic():
        Audit.objects.filter(pk=audit.pk, after=before, finished_at__isnull=True).update(
            after=checked[-1].row.person if checked else before,
            checked=F("checked") + len(checked),
            finished_at=at if is_last else None,
        )
        AuditFinding.objects.bulk_create(
            [AuditFinding(audit=audit, kind=FindingKind.COLOUR, number=person) for person in found],
            ignore_conflicts=True,
        )
    audit.refresh_from_db()
    return found


def forget_audits(at: datetime) -> int:
    """Delete the audits that began more than a year before `at`; return how many."""
    gone, by_model = Audit.objects.filter(started_at__lt=at - timedelta(days=365)).delete()
    return by_model.get(Audit._meta.label, 0) if gone else 0

"""Audit colours and the public log, part by part, so that a worker may die at any point."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F

from healthcode.acts.log.audit import log_part
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

Found = tuple[FindingKind, int]
"""What was found, and the number of the person, act, leaf or checkpoint."""


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


def go_on(audit: Audit, *, at: datetime) -> list[Found]:
    """Check the next people, or after them the next leaves; store how far the audit is.

    If another process has checked the same meanwhile, only one of them stores it. Return what was
    found.

    Raises:
        NoPolicy: no policy is in force at `at`.
    """
    was = {"after": audit.after, "leaves": audit.leaves, "colours_done_at": audit.colours_done_at}
    found, progress = _log(audit, at) if audit.colours_done_at else _colours(audit, at)
    for kind, number in found:
        logger.error(
            "The audit found %s %d. Somebody may have edited the database.", kind.value, number
        )
    with transaction.atomic():
        Audit.objects.filter(pk=audit.pk, finished_at__isnull=True, **was).update(**progress)
        AuditFinding.objects.bulk_create(
            [AuditFinding(audit=audit, kind=kind, number=number) for kind, number in found],
            ignore_conflicts=True,
        )
    audit.refresh_from_db()
    return found


def _colours(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Check the next `PEOPLE_AT_ONCE` people; return what was found, and the progress."""
    checked = checked_part(after=audit.after, most=PEOPLE_AT_ONCE, at=at)
    found = [(FindingKind.COLOUR, person) for person in unexplained(checked, at=at)]
    return found, {
        "after": checked[-1].row.person if checked else audit.after,
        "checked": F("checked") + len(checked),
        "colours_done_at": at if len(checked) < PEOPLE_AT_ONCE else None,
    }


def _log(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Compare the next `LEAVES_AT_ONCE` leaves; return what was found, and the progress."""
    # The log grows all the time, so everything is read from one snapshot.
    with _one_snapshot():
        part = log_part(audit.leaves, at=at)
    found = [(FindingKind(one.kind.value), one.number) for one in part.findings]
    return found, {"leaves": part.end, "finished_at": at if part.is_last else None}


@contextmanager
def _one_snapshot() -> Iterator[None]:
    # Within a transaction the isolation level can no longer change; only tests call it there.
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def forget_audits(at: datetime) -> int:
    """Delete the audits that began more than a year before `at`; return how many."""
    gone, by_model = Audit.objects.filter(started_at__lt=at - timedelta(days=365)).delete()
    return by_model.get(Audit._meta.label, 0) if gone else 0

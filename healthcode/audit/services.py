"""Audit colours, facts and the public log, part by part: a worker may die at any point."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from healthcode.acts.log.audit import log_part
from healthcode.acts.merged import merged_otherwise
from healthcode.audit.models import Audit, AuditFinding, FindingKind
from healthcode.colours.audit import checked_part, unexplained
from healthcode.colours.batches import TimeSource
from healthcode.evidence.audit import FactPart, facts_part, notes_part, reports_part
from healthcode.evidence.forgetting import append_notes
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


class Found(NamedTuple):
    """What was found, the number of the row, and the line if one of a report is missing."""

    kind: FindingKind
    number: int
    line: int = 0


def begin_audit(*, at: datetime) -> Audit:
    """Begin an audit that no night knows of; whoever begins it calls `go_on` until it is done."""
    append_notes()
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
        append_notes()
        audit, _is_new = Audit.objects.get_or_create(night=day_of(at), defaults={"started_at": at})
    until = at + TURN
    while audit.finished_at is None and clock() < until:
        go_on(audit, at=clock())
    return audit


def go_on(audit: Audit, *, at: datetime) -> list[Found]:
    """Check the next part; store how far the audit is, and return what was found.

    If another process has checked the same meanwhile, only one of them stores it.

    Raises:
        NoPolicy: no policy is in force at `at`.
    """
    was = {name: getattr(audit, name) for name in PLACES}
    step = next(step for done_at, step in STEPS.items() if getattr(audit, done_at) is None)
    found, progress = step(audit, at)
    for kind, number, line in found:
        logger.error(
            "The audit found %s %d%s. Somebody may have edited the database.",
            *(kind.value, number, f", line {line}" if line else ""),
        )
    with transaction.atomic():
        Audit.objects.filter(pk=audit.pk, finished_at__isnull=True, **was).update(**progress)
        AuditFinding.objects.bulk_create(
            [
                AuditFinding(audit=audit, kind=one.kind, number=one.number, line=one.line)
                for one in found
            ],
            ignore_conflicts=True,
        )
    audit.refresh_from_db()
    return found


def _colours(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Check the next `PEOPLE_AT_ONCE` people; return what was found, and the progress.

    After the last ones, compare who is merged with the acts.
    """
    checked = checked_part(after=audit.after, most=PEOPLE_AT_ONCE, at=at)
    found = [Found(FindingKind.COLOUR, person) for person in unexplained(checked, at=at)]
    if len(checked) < PEOPLE_AT_ONCE:
        with _one_snapshot():
            found += [Found(FindingKind.MERGED, person) for person in merged_otherwise()]
    return found, {
        "after": checked[-1].row.person if checked else audit.after,
        "checked": F("checked") + len(checked),
        "colours_done_at": at if len(checked) < PEOPLE_AT_ONCE else None,
    }


def _reports(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Compare the next reports of sources; return what was found, and the progress."""
    with _one_snapshot():
        part = reports_part(audit.reports)
    return _found(part), {
        "reports": part.after,
        "lines": F("lines") + part.lines,
        "reports_done_at": at if part.is_last else None,
    }


def _facts(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Look for facts without a report among the next; return what was found, and the progress."""
    with _one_snapshot():
        part = facts_part(audit.facts)
    return _found(part), {"facts": part.after, "facts_done_at": at if part.is_last else None}


def _notes(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Compare the next notes of what was forgotten; return what was found, and the progress."""
    with _one_snapshot():
        part = notes_part(audit.notes)
    return _found(part), {"notes": part.after, "notes_done_at": at if part.is_last else None}


def _log(audit: Audit, at: datetime) -> tuple[list[Found], dict[str, Any]]:
    """Compare the next `LEAVES_AT_ONCE` leaves; return what was found, and the progress."""
    # The log grows all the time, so everything is read from one snapshot.
    with _one_snapshot():
        part = log_part(audit.leaves, at=at)
    found = [Found(FindingKind(one.kind.value), one.number) for one in part.findings]
    return found, {"leaves": part.end, "finished_at": at if part.is_last else None}


def _found(part: FactPart) -> list[Found]:
    return [Found(FindingKind(one.kind.value), one.number, one.line) for one in part.findings]


STEPS: Final[Mapping[str, Callable[[Audit, datetime], tuple[list[Found], dict[str, Any]]]]] = {
    "colours_done_at": _colours,
    "reports_done_at": _reports,
    "facts_done_at": _facts,
    "notes_done_at": _notes,
    "finished_at": _log,
}
"""The steps of an audit in their order, by the column that says when each was done."""
PLACES: Final = ("after", "reports", "facts", "notes", "leaves", *list(STEPS)[:-1])
"""The columns that say how far an audit is."""


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

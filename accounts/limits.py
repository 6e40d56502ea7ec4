"""Limits on how often something may be done. The database counts for all processes together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import vault
from accounts.login_models import LimitEvent
from healthcode.web import service_key
from healthcode.web.advisory_locks import OF_A_SUBJECT
from healthcode.web.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times `within` a period, for each subject.

    `at_doors`: a process of doors counts it too. Such a process has no key of the vault, so it keys
    its hashes with the secret that every process has. Subjects of such a limit name no person.
    """

    name: str
    most: int
    within: timedelta
    at_doors: bool = False


def take(subjects: Iterable[tuple[Limit, str]], *, at: datetime) -> None:
    """Count one use for each pair of limit and subject, but none if a limit is used up.

    Refused uses are not counted, so asking again does not make the wait longer. A subject is a
    phone number or an address, for example. Subjects are stored only as keyed hashes.

    Raises:
        TooMany: a limit is used up. `retry_after` is the number of seconds until it allows the next
            use.
    """
    indexed = {subject_of(limit, subject): limit for limit, subject in subjects}
    with transaction.atomic():
        _lock(indexed)
        for index, limit in indexed.items():
            _refuse_if_used_up(index, limit, at)
        LimitEvent.objects.bulk_create(LimitEvent(subject=index, at=at) for index in indexed)


def take_if_left(limit: Limit, subject: str, *, at: datetime) -> bool:
    """Count one use if the limit allows it; tell whether it did."""
    try:
        take([(limit, subject)], at=at)
    except TooMany:
        return False
    return True


def is_used_up(limit: Limit, subject: str, *, at: datetime) -> bool:
    """Tell whether the limit allows no use now. Nothing is counted."""
    return _blocking(subject_of(limit, subject), limit, at) is not None


def forgive(limit: Limit, subject: str) -> None:
    """Delete the counted uses of this subject."""
    LimitEvent.objects.filter(subject=subject_of(limit, subject)).delete()


def subject_of(limit: Limit, subject: str) -> bytes:
    """Return the keyed hash under which a subject's uses of a limit are counted."""
    if limit.at_doors:
        return service_key.keyed_hash("limit", limit.name, subject)
    return vault.index("limit", limit.name, subject)


def _lock(indexes: Iterable[bytes]) -> None:
    """Lock each subject, in sorted order, so that two requests cannot wait for each other."""
    keys = sorted(int.from_bytes(index[:8], signed=True) for index in indexes)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute(f"SELECT {OF_A_SUBJECT}", [key])


def _refuse_if_used_up(index: bytes, limit: Limit, at: datetime) -> None:
    blocking = _blocking(index, limit, at)
    if blocking is not None:
        wait = ceil((blocking + limit.within - at).total_seconds())
        sentence = _("Too many tries. Please try again in %(time)s.") % {"time": _words(wait)}
        raise TooMany(sentence, retry_after=wait)


def _blocking(index: bytes, limit: Limit, at: datetime) -> datetime | None:
    """Return the use that must grow old before the next one; None if a use is left."""
    recent = LimitEvent.objects.filter(subject=index, at__gt=at - limit.within)
    uses = recent.order_by("-at").values_list("at", flat=True)
    return uses[limit.most - 1 : limit.most].first()


def _words(seconds: int) -> str:
    """Write a waiting time, rounded up to seconds, minutes or hours."""
    if seconds < 120:
        return _("%(number)d s") % {"number": seconds}
    if seconds < 2 * 3600:
        return _("%(number)d min") % {"number": ceil(seconds / 60)}
    return _("%(number)d h") % {"number": ceil(seconds / 3600)}

"""One partition of the scans a day: made ahead, dropped when its day is past retention.

A scan of a day without partition goes to the default one, so none is ever lost; what lies there
is moved when its day gets a partition of its own.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from verifier.scanning import MAX_SCAN_AGE, SHANGHAI

DAYS_AHEAD: Final = 7
LOCK_TIMEOUT: Final = "3s"
"""Doors wait while a partition is made or dropped; rather than hold them up, try again later."""

_NAME = re.compile(r"verifier_scan_(\d{4})(\d{2})(\d{2})")


def maintain(*, at: datetime) -> None:
    """Make the partitions of the days around `at` and drop those past retention."""
    today = at.astimezone(SHANGHAI).date()
    present = set(partitioned_days())
    for step in range(-MAX_SCAN_AGE.days, DAYS_AHEAD + 1):
        day = today + timedelta(days=step)
        if day not in present:
            _create(day)
    oldest = today - timedelta(days=settings.SCAN_RETENTION_DAYS)
    for day in sorted(present):
        if day < oldest:
            _drop(day)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM verifier_scan_default WHERE day < %s", [oldest])


def partitioned_days() -> list[date]:
    """The days that have a partition of their own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'verifier_scan'::regclass"
        )
        names = [_NAME.fullmatch(name) for (name,) in cursor.fetchall()]
    return [date(*map(int, name.groups())) for name in names if name]


def _create(day: date) -> None:
    """Attach a partition for `day`, with the scans of that day that the default one took."""
    name = f"verifier_scan_{day:%Y%m%d}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        # Whoever makes it first wins; the other finds it and leaves it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('verifier.partitions'))")
        if day in partitioned_days():
            return
        cursor.execute("LOCK TABLE verifier_scan_default IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {name} (LIKE verifier_scan INCLUDING ALL)")
        cursor.execute(
            "WITH moved AS (DELETE FROM verifier_scan_default WHERE day = %s RETURNING *)"  # noqa: S608 - the name is made of a date
            f" INSERT INTO {name} SELECT * FROM moved",
            [day],
        )
        cursor.execute(
            f"ALTER TABLE verifier_scan ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
            [day, day + timedelta(days=1)],
        )


def _drop(day: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f"DROP TABLE IF EXISTS verifier_scan_{day:%Y%m%d}")

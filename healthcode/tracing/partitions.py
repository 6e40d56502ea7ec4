"""One partition of the presences a day: made ahead and back, dropped when its day is too old."""

import re
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
DAYS_AHEAD: Final = 3
LOCK_TIMEOUT: Final = "3s"
_NAME = re.compile(r"tracing_presence_(\d{4})(\d{2})(\d{2})")


def maintain(*, at: datetime) -> None:
    """Make the partitions of the days that are kept, and drop those past retention.

    Presences are kept as long as scans (`SCAN_RETENTION_DAYS`): sources report the days behind,
    so these have partitions of their own from the start.
    """
    today = at.astimezone(SHANGHAI).date()
    oldest = today - timedelta(days=settings.SCAN_RETENTION_DAYS)
    present = partitioned_days()
    for step in range(settings.SCAN_RETENTION_DAYS + DAYS_AHEAD + 1):
        day = oldest + timedelta(days=step)
        if day not in present:
            _create(day)
    for day in sorted(present):
        if day < oldest:
            _drop(day)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracing_presence_default WHERE day < %s", [oldest])


def partitioned_days() -> frozenset[date]:
    """The days that have a partition of their own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'tracing_presence'::regclass"
        )
        names = [_NAME.fullmatch(name) for (name,) in cursor.fetchall()]
    return frozenset(date(*map(int, name.groups())) for name in names if name)


def _create(day: date) -> None:
    """Attach a partition for `day`, with the presences of that day that the default one took."""
    name = f"tracing_presence_{day:%Y%m%d}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        # Whoever makes it first wins; the other finds it and leaves it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tracing.partitions'))")
        if day in partitioned_days():
            return
        cursor.execute("LOCK TABLE tracing_presence_default IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"CREATE TABLE {name} (LIKE tracing_presence INCLUDING ALL)")
        cursor.execute(
            "WITH moved AS (DELETE FROM tracing_presence_default WHERE day = %s RETURNING *)"  # noqa: S608 - the name is made of a date
            f" INSERT INTO {name} SELECT * FROM moved",
            [day],
        )
        cursor.execute(
            f"ALTER TABLE tracing_presence ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
            [day, day + timedelta(days=1)],
        )


def _drop(day: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f"DROP TABLE IF EXISTS tracing_presence_{day:%Y%m%d}")

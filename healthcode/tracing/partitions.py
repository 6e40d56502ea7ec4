"""The table of presences has one partition a day; this makes and drops the partitions."""

from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings

from healthcode.web.days import day_of
from healthcode.web.partitions import DailyTable

DAYS_AHEAD: Final = 3
PRESENCES: Final = DailyTable("tracing_presence")


def maintain(*, at: datetime) -> None:
    """Make a partition for each day that is kept, and drop the partitions of older days.

    Presences are kept as long as scans (`SCAN_RETENTION_DAYS`). Past days need partitions too,
    because sources report presences of past days.
    """
    oldest = day_of(at) - timedelta(days=settings.SCAN_RETENTION_DAYS)
    kept = range(settings.SCAN_RETENTION_DAYS + DAYS_AHEAD + 1)
    PRESENCES.maintain([oldest + timedelta(days=step) for step in kept], oldest=oldest)


def partitioned_days() -> frozenset[date]:
    """Return the days that have a partition of their own."""
    return PRESENCES.days()

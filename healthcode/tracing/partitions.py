"""One partition of the presences a day: made ahead and back, dropped when its day is too old."""

from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings

from healthcode.web.days import day_of
from healthcode.web.partitions import DailyTable

DAYS_AHEAD: Final = 3
PRESENCES: Final = DailyTable("tracing_presence")


def maintain(*, at: datetime) -> None:
    """Make the partitions of the days that are kept, and drop those past retention.

    Presences are kept as long as scans (`SCAN_RETENTION_DAYS`): sources report the days behind,
    so these have partitions of their own from the start.
    """
    oldest = day_of(at) - timedelta(days=settings.SCAN_RETENTION_DAYS)
    kept = range(settings.SCAN_RETENTION_DAYS + DAYS_AHEAD + 1)
    PRESENCES.maintain([oldest + timedelta(days=step) for step in kept], oldest=oldest)


def partitioned_days() -> frozenset[date]:
    """The days that have a partition of their own."""
    return PRESENCES.days()

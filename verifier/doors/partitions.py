"""Daily partitions of the scans: made in advance, dropped after the retention time."""

from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings

from healthcode.web.days import day_of
from healthcode.web.partitions import DailyTable
from verifier.doors.scanning import MAX_SCAN_AGE

DAYS_AHEAD: Final = 7
SCANS: Final = DailyTable("verifier_scan")


def maintain(*, at: datetime) -> None:
    """Make the partitions for the days around `at`, and drop those past retention."""
    today = day_of(at)
    around = range(-MAX_SCAN_AGE.days, DAYS_AHEAD + 1)
    oldest = today - timedelta(days=settings.SCAN_RETENTION_DAYS)
    SCANS.maintain([today + timedelta(days=step) for step in around], oldest=oldest)


def partitioned_days() -> frozenset[date]:
    """Return the days that have a partition."""
    return SCANS.days()

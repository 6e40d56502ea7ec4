"""One partition a day: made in advance, dropped after retention, with no scan lost meanwhile."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from healthcode.web.days import start_of_day
from healthcode.web.tasks import forget
from tests.owner import as_owner
from tests.verifier.conftest import ClockAt
from verifier.doors import partitions
from verifier.doors.scanning import EnrolledDevice, NewScan, Outcome, scan_all
from verifier.models import Scan

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

DOOR = EnrolledDevice(device=1, venue=1, yellow=Outcome.CAUTION)
NOON = datetime.fromisoformat("2020-02-09T12:00:00+08:00")


def scan_at(at: datetime) -> uuid.UUID:
    new = NewScan(uuid.uuid4(), "JK1:NO CODE", at)
    scan_all(door=DOOR, scans=[new], offline=True, at=at)
    return new.id


def in_default() -> int:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM verifier_scan_default")
        return int(cursor.fetchone()[0])


def test_days_around_today_have_theirs() -> None:
    partitions.maintain(at=NOON)
    days = sorted(partitions.partitioned_days())
    assert (days[0], days[-1], len(days)) == (date(2020, 2, 2), date(2020, 2, 16), 15)


def test_again_changes_nothing() -> None:
    partitions.maintain(at=NOON)
    before = sorted(partitions.partitioned_days())
    partitions.maintain(at=NOON)
    assert sorted(partitions.partitioned_days()) == before


def test_scan_of_a_day_without_partition_is_kept_and_moved() -> None:
    scan_id = scan_at(NOON)
    assert in_default() == 1
    partitions.maintain(at=NOON)
    assert in_default() == 0
    assert Scan.objects.get().id == scan_id
    again = NewScan(scan_id, "JK1:NO CODE", NOON)
    scan_all(door=DOOR, scans=[again], offline=True, at=NOON)
    assert Scan.objects.count() == 1


def test_midnight_is_shanghais() -> None:
    partitions.maintain(at=NOON)
    scan_at(datetime.fromisoformat("2020-02-08T16:30:00+00:00"))
    assert Scan.objects.get().day == date(2020, 2, 9)
    assert in_default() == 0


def test_past_retention_days_are_dropped(settings: Settings) -> None:
    settings.SCAN_RETENTION_DAYS = 10
    partitions.maintain(at=NOON)
    scan_at(NOON)
    forgotten = scan_at(NOON + timedelta(days=12))
    partitions.maintain(at=NOON + timedelta(days=10))
    assert Scan.objects.filter(day=date(2020, 2, 9)).exists()
    partitions.maintain(at=NOON + timedelta(days=11))
    assert not Scan.objects.filter(day=date(2020, 2, 9)).exists()
    assert date(2020, 2, 9) not in partitions.partitioned_days()
    assert Scan.objects.get().id == forgotten


def test_what_lies_in_no_partition_is_forgotten_too(settings: Settings) -> None:
    settings.SCAN_RETENTION_DAYS = 10
    scan_at(NOON)
    partitions.maintain(at=NOON + timedelta(days=30))
    assert not Scan.objects.exists()


def test_the_task_keeps_today(clock_at: ClockAt) -> None:
    with clock_at(NOON):
        forget(cadence="often")
    assert date(2020, 2, 9) in partitions.partitioned_days()


@pytest.mark.parametrize("first", [date(2027, 12, 30), date(2028, 2, 27)])
def test_around_the_end_of_a_year_and_a_leap_day_no_day_lacks_its_partition(first: date) -> None:
    """At any time of the day, also where the UTC day is another."""
    for n in range(4):
        midnight = start_of_day(first + timedelta(days=n))
        for passed in (timedelta(minutes=30), timedelta(hours=12), timedelta(hours=23, minutes=58)):
            partitions.maintain(at=midnight + passed)
            days = sorted(partitions.partitioned_days())
            assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
        for moment in (midnight, midnight + timedelta(days=1, microseconds=-1)):
            scan_at(moment)
            assert Scan.objects.latest("scanned_at").day == first + timedelta(days=n)
    assert in_default() == 0

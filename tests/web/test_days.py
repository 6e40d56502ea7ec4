"""Days begin at midnight in Shanghai, and one module knows that."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings

from healthcode.web.days import SHANGHAI, day_of, end_of_today, start_of_day

pytestmark = pytest.mark.clock

ROOT = Path(__file__).parents[2]
MIDNIGHT = datetime(2020, 2, 23, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2020-02-23T15:59:59.999999+00:00", 23),
        ("2020-02-23T16:00:00+00:00", 24),
        ("2020-02-24T00:00:00+08:00", 24),
        ("2020-02-24T15:59:59+00:00", 24),
        ("2020-02-24T11:00:00-05:00", 25),
    ],
)
def test_the_day_of_an_instant(at: str, day: int) -> None:
    assert day_of(datetime.fromisoformat(at)) == date(2020, 2, day)


def test_a_day_lasts_from_midnight_to_midnight() -> None:
    assert start_of_day(date(2020, 2, 24)) == MIDNIGHT
    assert end_of_today(datetime(2020, 2, 23, 15, 59, tzinfo=UTC)) == MIDNIGHT
    assert end_of_today(MIDNIGHT) == start_of_day(date(2020, 2, 25))


def test_django_counts_the_same_days() -> None:
    assert SHANGHAI.key == settings.TIME_ZONE


def test_the_zone_is_made_once() -> None:
    rooms = (ROOT / room for room in ("healthcode", "accounts", "verifier"))
    makers = [
        path.relative_to(ROOT).as_posix()
        for room in rooms
        for path in room.rglob("*.py")
        if "ZoneInfo(" in path.read_text("utf-8")
    ]
    assert makers == ["healthcode/web/days.py"]


def test_pure_modules_may_use_it() -> None:
    """The decision of a colour counts days, and runs without Django."""
    run = "import sys, healthcode.web.days; print('django' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"

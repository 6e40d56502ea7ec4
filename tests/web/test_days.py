"""Days begin at midnight in Shanghai, and one module knows that."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

from healthcode.web.days import SHANGHAI, day_of, end_of_today, instant, start_of_day
from tests.core.test_typescript import told

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


INSTANTS = {
    "2026-11-29T15:58:00+00:00": "2026-11-29 23:58",
    "2026-11-29T16:00:00+00:00": "2026-11-30 00:00",
    "2026-11-29T16:30:59+00:00": "2026-11-30 00:30",
    "2026-11-29T23:30:00+00:00": "2026-11-30 07:30",
    "2026-11-30T00:00:00+00:00": "2026-11-30 08:00",
    "2026-12-31T15:59:59+00:00": "2026-12-31 23:59",
    "2026-12-31T16:00:00+00:00": "2027-01-01 00:00",
    "2028-02-28T16:30:00+00:00": "2028-02-29 00:30",
    "2026-11-29T11:00:00-05:00": "2026-11-30 00:00",
}


@pytest.mark.parametrize(("at", "said"), INSTANTS.items())
def test_an_instant_is_said_with_its_day_in_shanghai(at: str, said: str) -> None:
    assert instant(datetime.fromisoformat(at)) == said


def test_templates_say_it_alike() -> None:
    say = engines["django"].from_string("{{ at|instant }}|{{ never|instant }}|").render
    for at, said in INSTANTS.items():
        assert say({"at": datetime.fromisoformat(at), "never": None}) == f"{said}||"


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_scripts_say_it_alike_wherever_the_device_is(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    asked = [datetime.fromisoformat(at).timestamp() * 1000 for at in INSTANTS]
    assert told(Path(__file__).with_name("instants.ts"), json.dumps(asked).encode()) == [
        *INSTANTS.values()
    ]

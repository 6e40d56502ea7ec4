"""Days begin at midnight in Shanghai, and one module knows that."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.utils import translation

from healthcode.web.days import (
    SHANGHAI,
    day_of,
    end_of_today,
    start_of_day,
    write_day,
    write_instant,
)
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
    """`decide()` counts days and runs without Django."""
    run = "import sys, healthcode.web.days; print('django' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"


INSTANTS = {
    "2026-11-29T15:58:00+00:00": ("2026年11月29日23:58", "29 November 2026, 23:58"),
    "2026-11-29T16:00:00+00:00": ("2026年11月30日00:00", "30 November 2026, 00:00"),
    "2026-11-29T16:30:59+00:00": ("2026年11月30日00:30", "30 November 2026, 00:30"),
    "2026-11-29T23:30:00+00:00": ("2026年11月30日07:30", "30 November 2026, 07:30"),
    "2026-11-30T00:00:00+00:00": ("2026年11月30日08:00", "30 November 2026, 08:00"),
    "2026-12-31T15:59:59+00:00": ("2026年12月31日23:59", "31 December 2026, 23:59"),
    "2026-12-31T16:00:00+00:00": ("2027年1月1日00:00", "1 January 2027, 00:00"),
    "2028-02-28T16:30:00+00:00": ("2028年2月29日00:30", "29 February 2028, 00:30"),
    "2026-11-29T11:00:00-05:00": ("2026年11月30日00:00", "30 November 2026, 00:00"),
}
LANGUAGES = ("zh-hans", "en")


@pytest.mark.parametrize(("at", "written"), INSTANTS.items())
def test_an_instant_is_written_with_its_day_in_shanghai(at: str, written: tuple[str, str]) -> None:
    instant = datetime.fromisoformat(at)
    assert tuple(write_instant(instant, language) for language in LANGUAGES) == written


def test_people_without_a_language_read_chinese() -> None:
    assert write_day(date(2020, 2, 4), None) == "2020年2月4日"


@pytest.mark.parametrize("n", [0, 1])
def test_templates_write_it_alike(n: int) -> None:
    show = engines["django"].from_string("{{ at|instant }}|{{ at|day }}|{{ on|day }}|").render
    with translation.override(LANGUAGES[n]):
        for at, written in INSTANTS.items():
            instant = datetime.fromisoformat(at)
            shown = show({"at": instant, "on": day_of(instant)}).split("|")
            day = write_day(day_of(instant), LANGUAGES[n])
            assert shown == [written[n], day, day, ""]
        assert show({"at": None, "on": None}) == "|||"


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_scripts_write_it_alike_wherever_the_device_is(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    asked = [datetime.fromisoformat(at).timestamp() * 1000 for at in INSTANTS]
    written = told(Path(__file__).with_name("instants.ts"), json.dumps(asked).encode())
    assert written == [list(both) for both in INSTANTS.values()]

"""Count days from midnight to midnight in Shanghai, and write days and instants for people.

Modules that run without Django use these functions too. SQL statements name the zone themselves.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MOST_DAYS: Final = 3650
"""The longest life of anything that a person makes here: a key, a token, a list."""
# Written out because Python's own names of months follow the locale of the process.
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day_of(at: datetime) -> date:
    """Return the day in Shanghai to which an instant belongs."""
    return at.astimezone(SHANGHAI).date()


def write_day(day: date, language: str | None) -> str:
    """Write a day for people: "2020年2月24日", "24 February 2020".

    `language` is a code such as Django's `zh-hans` and `en`; None means Chinese.
    """
    if is_chinese(language):
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def write_clock(at: datetime) -> str:
    """Write the time of day in Shanghai, to the minute: "08:30"."""
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def write_instant(at: datetime, language: str | None) -> str:
    """Write an instant for people: "2020年2月24日08:30", "24 February 2020, 08:30".

    The day is always there, because cards are printed and pages stay open over midnight.
    `#web/instants.ts` writes the same in scripts.
    """
    gap = "" if is_chinese(language) else ", "
    return f"{write_day(day_of(at), language)}{gap}{write_clock(at)}"


def is_chinese(language: str | None) -> bool:
    """Tell whether people who asked for `language` get Chinese, which is the default."""
    return language is None or language.startswith("zh")


def start_of_day(day: date) -> datetime:
    """Return the midnight at which a day begins, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def span_of_day(day: date) -> tuple[datetime, datetime]:
    """Return the midnights at which a day begins and ends, in UTC."""
    return start_of_day(day), start_of_day(day + timedelta(days=1))


def is_midnight(at: datetime) -> bool:
    """Tell whether a day begins at `at`."""
    return at == start_of_day(day_of(at))


def end_of_today(at: datetime) -> datetime:
    """Return the midnight at which the day of `at` ends, in UTC."""
    return start_of_day(day_of(at) + timedelta(days=1))

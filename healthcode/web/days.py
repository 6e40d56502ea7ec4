"""Days, as they are counted here: from midnight to midnight in Shanghai.

Plain functions, for pure modules too. Statements of SQL name the zone themselves.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MOST_DAYS: Final = 3650
"""How long anything may last that somebody makes: a key, a token, a list."""


def day_of(at: datetime) -> date:
    """The day that an instant is in."""
    return at.astimezone(SHANGHAI).date()


def instant(at: datetime) -> str:
    """An instant as people read it, everywhere: the day and the minute in Shanghai.

    `#web/instants.ts` says the same in scripts.
    """
    local = at.astimezone(SHANGHAI)
    return f"{local.date().isoformat()} {local:%H:%M}"


def start_of_day(day: date) -> datetime:
    """The midnight at which a day begins, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def span_of_day(day: date) -> tuple[datetime, datetime]:
    """The midnights at which a day begins and is over, in UTC."""
    return start_of_day(day), start_of_day(day + timedelta(days=1))


def is_midnight(at: datetime) -> bool:
    """Whether a day begins at `at`."""
    return at == start_of_day(day_of(at))


def end_of_today(at: datetime) -> datetime:
    """The midnight at which the day of `at` is over, in UTC."""
    return start_of_day(day_of(at) + timedelta(days=1))

"""Read times and dates from people and machines.

docs/format.md, section 10, lists the accepted spellings. Python's own readers accept more with
every version: weeks, days without hyphens, commas, the hour 24.
"""

import re
from datetime import UTC, date, datetime
from typing import Final

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_INSTANT: Final = re.compile(
    rf"{_DATE.pattern}[Tt ]{_TIME}:[0-5][0-9](?:\.[0-9]{{1,12}})?(?:[Zz]|[+-]{_TIME})"
)
# Arithmetic with time zones and days must not leave the calendar.
_YEARS: Final = range(2, 9999)


def read_instant(text: str) -> datetime:
    """Read a time in the form of RFC 3339 and return it in UTC, cut off after the microsecond.

    Raises:
        ValueError: for other spellings, and for a time that does not exist.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("not a time in RFC 3339 with its offset")
    instant = datetime.fromisoformat(text.upper())
    if instant.year not in _YEARS:
        raise ValueError("beyond the calendar")
    return instant.astimezone(UTC)


def read_date(text: str) -> date:
    """Read a day in the form of RFC 3339, such as 2020-02-24.

    Raises:
        ValueError: for other spellings, and for a day that does not exist.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("not a date in RFC 3339")
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError("beyond the calendar")
    return day

"""Instants and dates as people and machines send them: read here, whoever takes them.

The closed list is that of docs/format.md, section 10. The interpreter's own readers take more with
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
# Reckoning with zones and days must not leave the calendar.
_YEARS: Final = range(2, 9999)


def read_instant(text: str) -> datetime:
    """The instant that RFC 3339 says, in UTC; what is finer than a microsecond is cut off.

    Raises:
        ValueError: for other spellings, and for an instant that does not exist.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("no instant of RFC 3339 with its offset")
    instant = datetime.fromisoformat(text.upper())
    if instant.year not in _YEARS:
        raise ValueError("beyond the calendar")
    return instant.astimezone(UTC)


def read_date(text: str) -> date:
    """The day that RFC 3339 says, such as 2020-02-24.

    Raises:
        ValueError: for other spellings, and for a day that does not exist.
    """
    if not _DATE.fullmatch(text):
        raise ValueError("no date of RFC 3339")
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError("beyond the calendar")
    return day

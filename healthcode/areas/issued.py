"""Check area codes in the numbers of identity documents, on behalf of the accounts room below."""

from typing import Final

from healthcode.areas.register import register

COUNTY_DIGITS: Final = 6


def has_been_an_area(code: str) -> bool:
    """Return whether a county with this code (6 digits) has existed at any time since 1980."""
    return len(code) == COUNTY_DIGITS and code in register()

"""Filters that write days and instants in the reader's language: `{{ until|instant }}`.

They are built-in tags, which templates need not load. `tests/house/test_instants.py` finds
templates that format a date in another way.
"""

from datetime import date, datetime

from django import template
from django.utils.translation import get_language

from healthcode.web.days import day_of, write_day, write_instant

register = template.Library()


@register.filter
def instant(at: datetime | None) -> str:
    """Write the day and the minute in Shanghai; empty for None."""
    return "" if at is None else write_instant(at, get_language())


@register.filter
def day(at: date | None) -> str:
    """Write a day, or the day in Shanghai of an instant; empty for None."""
    if at is None:
        return ""
    return write_day(day_of(at) if isinstance(at, datetime) else at, get_language())

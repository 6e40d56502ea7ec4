"""Filters that write the two ends of a period: `{% load days %}`.

Use `{{ fact.starts|begins:fact.ends }}` and `{{ fact.ends|finishes:fact.starts }}`. A fact known
only to the day is stored from midnight to midnight, so an end at midnight is written as a day
without an hour: the first or the last day of the period. A period of no length keeps its hour.
"""

from datetime import datetime, timedelta

from django import template
from django.utils.translation import get_language

from healthcode.web.days import day_of, is_midnight, write_day, write_instant

register = template.Library()


@register.filter
def begins(starts: datetime, ends: datetime | None) -> str:
    """Write when a period began: a day, or a day with the minute."""
    if starts != ends and is_midnight(starts):
        return write_day(day_of(starts), get_language())
    return write_instant(starts, get_language())


@register.filter
def finishes(ends: datetime, starts: datetime) -> str:
    """Write when a period ended: its last day, or a day with the minute."""
    if starts != ends and is_midnight(ends):
        return write_day(day_of(ends) - timedelta(days=1), get_language())
    return write_instant(ends, get_language())

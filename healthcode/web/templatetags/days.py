"""Template filters for the two ends of a period: `{% load days %}`.

Use `{{ fact.starts|begins:fact.ends }}` and `{{ fact.ends|finishes:fact.starts }}`. If only the
days of a fact are known, it is stored from midnight to midnight. So an end at midnight is shown as
a day without an hour: the first or the last day of the period. If both ends are the same instant,
the hour is shown.
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

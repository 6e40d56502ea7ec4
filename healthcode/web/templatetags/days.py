"""When something was, for templates: `{% load days %}`; what is known to the day shows no hour.

`{{ fact.starts|begins:fact.ends }}` and `{{ fact.ends|finishes:fact.starts }}` show the two ends of
a period. A midnight is told as the day that begins there, or is over; only what has no length was
at midnight itself.
"""

from datetime import datetime, timedelta

from django import template

from healthcode.web.days import day_of, instant, is_midnight

register = template.Library()


@register.filter
def begins(starts: datetime, ends: datetime | None) -> str:
    """When a period began: a day, or a day with the minute."""
    if starts != ends and is_midnight(starts):
        return day_of(starts).isoformat()
    return instant(starts)


@register.filter
def finishes(ends: datetime, starts: datetime) -> str:
    """When a period was over: its last day, or a day with the minute."""
    if starts != ends and is_midnight(ends):
        return (day_of(ends) - timedelta(days=1)).isoformat()
    return instant(ends)

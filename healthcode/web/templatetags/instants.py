"""Instants in templates: `{{ until|instant }}`. A built-in tag: nothing says one otherwise."""

from datetime import datetime

from django import template

from healthcode.web import days

register = template.Library()


@register.filter
def instant(at: datetime | None) -> str:
    """The day and the minute in Shanghai; nothing where there is no instant."""
    return "" if at is None else days.instant(at)

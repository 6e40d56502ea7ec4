"""Filters that write colours and levels as words: `{% load colours %}`.

`{% include "web/_colour.html" with colour="green" %}` shows a person's colour as colour, word and
shape. `{{ "orange"|level_badge }}` shows an area's level as colour, letter and word.
"""

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

COLOUR_WORDS: dict[str, Promise] = {
    "green": _("Green"),
    "yellow": _("Yellow"),
    "red": _("Red"),
}
LEVEL_WORDS: dict[str, tuple[str, Promise]] = {
    "green": ("G", _("Low risk (green)")),
    "blue": ("B", _("Lower-medium risk (blue)")),
    "yellow": ("Y", _("Medium risk (yellow)")),
    "orange": ("O", _("Higher risk (orange)")),
    "red": ("R", _("High risk (red)")),
}


@register.filter
def colour_word(colour: str) -> Promise:
    """Return the word for a person's colour (`green`, `yellow`, `red`)."""
    return COLOUR_WORDS[colour]


@register.filter
def level_word(level: str) -> Promise:
    """Return the word for an area's level (`green` to `red`)."""
    return LEVEL_WORDS[level][1]


@register.filter
def level_badge(level: str) -> SafeString:
    """Show an area's level as colour, letter and word."""
    letter, word = LEVEL_WORDS[level]
    return format_html(
        '<span class="level level-{}" data-letter="{}">{}</span>', level, letter, word
    )

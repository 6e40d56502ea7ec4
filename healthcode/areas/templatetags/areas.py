"""Template tags for areas: `{% load areas %}`."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.conf import settings

from accounts.authority import normalise_code
from healthcode.areas.selectors import full_names
from healthcode.web.errors import InvalidInput

register = template.Library()


@dataclass(frozen=True, slots=True)
class ChosenArea:
    """The area chosen in a form: its code and its name from the province down; "" for none."""

    code: str
    name: str


@register.simple_tag(takes_context=True)
def area_chosen(context: dict[str, Any], name: str, value: str | None) -> ChosenArea:
    """Return the area in the field `name`: `value`, or else what the page without script chose."""
    given = value or context["request"].GET.get(name, "")
    try:
        code = normalise_code(given)
    except InvalidInput:
        return ChosenArea("", "")
    known = full_names([code])
    return ChosenArea(code, known[code]) if code in known else ChosenArea("", "")


@register.simple_tag
def home_province() -> str:
    """Return the code of this issuer's province: `33` for CN-33."""
    return settings.ISSUER.rpartition("-")[2]

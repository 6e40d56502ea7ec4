"""What several pages of officers show: the areas of the officer, the effect of an act."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of
from accounts.models import Role
from accounts.permissions import account_of
from healthcode.acts.effects import Effect
from healthcode.areas.selectors import names
from healthcode.core import Colour


def held_areas(request: HttpRequest) -> list[str]:
    """Return the codes of the areas of the officer; "" is the whole country."""
    return areas_of(account_of(request), Role.OFFICER)


def named(within: list[str]) -> list[tuple[str, Any]]:
    """Return each code with the name of its area, for templates."""
    known = names(within)
    return [(area, known.get(area, _("the whole country"))) for area in within]


def effect_context(effect: Effect) -> dict[str, object]:
    """Return `people` and `colours` for a page: how many an act concerns, and the colours."""
    people = {
        "people": sum(effect.before),
        "changed": sum(effect.homes.values()),
        "worse": effect.worse,
    }
    labels = [colour.label for colour in Colour]
    return {
        "people": people,
        "colours": list(zip(labels, effect.before, effect.after, strict=True)),
    }

"""The areas of the officer who is logged in."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of
from accounts.models import Role
from accounts.permissions import account_of
from healthcode.areas.selectors import names


def held_areas(request: HttpRequest) -> list[str]:
    """Return the codes of the areas of the officer; "" is the whole country."""
    return areas_of(account_of(request), Role.OFFICER)


def named(within: list[str]) -> list[tuple[str, Any]]:
    """Return each code with the name of its area, for templates."""
    known = names(within)
    return [(area, known.get(area, _("the whole country"))) for area in within]

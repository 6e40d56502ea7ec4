"""What the pages call the roles, and when they end."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Grant, Role
from healthcode.web.days import day_of

ROLE_NAMES: Final[Mapping[Role, Promise]] = {
    Role.RESIDENT: _("Resident"),
    Role.OFFICER: _("Officer"),
    Role.VENUE_MANAGER: _("Venue manager"),
    Role.SOURCE: _("Source of evidence"),
    Role.PARTNER: _("Partner's system"),
    Role.ADMINISTRATOR: _("Administrator"),
}


def last_day(grant: Grant) -> date | None:
    """Return the last day in Shanghai on which a grant holds; None if it has no end."""
    return day_of(grant.ends_at - timedelta(microseconds=1)) if grant.ends_at else None

"""What the pages call the roles."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

ROLE_NAMES: Final[Mapping[Role, Promise]] = {
    Role.RESIDENT: _("Resident"),
    Role.OFFICER: _("Officer"),
    Role.VENUE_MANAGER: _("Venue manager"),
    Role.SOURCE: _("Source of evidence"),
    Role.PARTNER: _("Partner's system"),
    Role.ADMINISTRATOR: _("Administrator"),
}

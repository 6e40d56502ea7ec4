"""The links in the page frame for the account that is logged in."""

from typing import Final

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import OF_PEOPLE, Account, Role

# The frame shows the links in this order. After the login an account goes to its first one.
LINKS: dict[Role, tuple[str, Promise]] = {
    Role.OFFICER: ("/officer", _("Officer's desk")),
    Role.VENUE_MANAGER: ("/venues", _("My venues")),
    Role.ADMINISTRATOR: ("/administration", _("Administration")),
    Role.RESIDENT: ("/me", _("My codes")),
}
OWN_LOGIN: Final = ("/staff/second-factors", _("My login"))
"""The link of everybody of the staff to their second factors and devices."""


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the links for this account's roles, in a fixed order."""
    account = getattr(request, "user", None)
    roles = {role for role, _area in account.held} if isinstance(account, Account) else set()
    links = [link for role, link in LINKS.items() if role in roles]
    if roles & OF_PEOPLE:
        links.append(OWN_LOGIN)
    return {"navigation": [{"href": href, "name": name} for href, name in links]}

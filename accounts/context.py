"""What the page frame shows to the account that is logged in."""

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Role

# In this order in the frame; the first that an account may see is where it goes after login.
LINKS: dict[Role, tuple[str, Promise]] = {
    Role.OFFICER: ("/officer", _("Officer")),
    Role.VENUE_MANAGER: ("/venues", _("My venues")),
    Role.RESIDENT: ("/me", _("My codes")),
}


def navigation(request: HttpRequest) -> dict[str, object]:
    """The pages that this account's roles open, in a fixed order."""
    account = getattr(request, "user", None)
    roles = {role for role, _area in account.held} if isinstance(account, Account) else set()
    return {
        "navigation": [
            {"href": href, "name": name} for role, (href, name) in LINKS.items() if role in roles
        ]
    }

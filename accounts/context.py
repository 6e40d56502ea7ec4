"""What the page frame shows to the account that is logged in."""

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Role

PLACES: dict[Role, tuple[str, Promise]] = {
    Role.RESIDENT: ("/me", _("My codes")),
    Role.OFFICER: ("/officer", _("Officer")),
    Role.VENUE_MANAGER: ("/venues", _("My venues")),
}


def navigation(request: HttpRequest) -> dict[str, object]:
    """The places that this account's roles open, in a fixed order."""
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return {"navigation": []}
    roles = set(account.grants.values_list("role", flat=True))
    if account.phone_index is not None:
        roles.add(Role.RESIDENT)
    return {
        "navigation": [
            {"href": href, "name": name} for role, (href, name) in PLACES.items() if role in roles
        ]
    }

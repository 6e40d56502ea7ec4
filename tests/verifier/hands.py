"""People who manage venues, for tests of who may do what with one."""

from typing import Final

from accounts.models import Account, Grant, Role
from tests.acts import GROUND, SENT_GROUND
from verifier.venues.in_charge import InCharge

CLOSING: Final = {**SENT_GROUND, "step": "close"}


def colleague(name: str, area: str = "3301", role: Role = Role.VENUE_MANAGER) -> Account:
    """Make an account with a role over an area."""
    account = Account.objects.create(username=name)
    Grant.objects.create(account=account, role=role, area=area)
    return account


def as_manager(account: Account) -> InCharge:
    """Return a manager with a ground."""
    return InCharge(account, Role.VENUE_MANAGER, GROUND)


def as_administrator(area: str = "33") -> InCharge:
    """Return an administrator of the area, with a ground."""
    account, _made = Account.objects.get_or_create(username=f"administrator-{area}")
    Grant.objects.get_or_create(account=account, role=Role.ADMINISTRATOR, area=area)
    return InCharge(account, Role.ADMINISTRATOR, GROUND)

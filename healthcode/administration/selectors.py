"""Read the staff and the machines that an administrator answers for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of
from accounts.in_force import GrantQuerySet
from accounts.models import (
    OF_MACHINES,
    Account,
    Grant,
    Invitation,
    Role,
    StaffPhone,
    Token,
)
from healthcode.administration.plans import STAFF_ROLES
from healthcode.administration.venue_selectors import venues_managed_by
from healthcode.web.errors import NotFound
from verifier.models import Venue

MOST_SHOWN = 200
"""The most grants on one page. Whoever has more looks for a name."""

SOON: Final = timedelta(days=30)
"""So long before a role ends, the page tells its administrators."""
ENDED_SHOWN: Final = timedelta(days=90)
"""So long after a role has ended, the list of everybody still has it."""


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """An account with what an administrator sees of it.

    `is_shown_a_link`: whether this administrator can now see the link for its password.
    `has_phone`: whether it has a telephone for alarms.
    `venues`: the open venues of which it is the manager.
    """

    account: Account
    grants: Collection[Grant]
    tokens: Collection[Token]
    is_shown_a_link: bool
    has_phone: bool
    venues: Collection[Venue]

    @property
    def is_machine(self) -> bool:
        """Return whether the account is a machine's, which gets its tokens from administrators."""
        return any(grant.role in OF_MACHINES for grant in self.grants)


def staff_of(administrator: Account, *, at: datetime, name: str = "") -> list[Grant]:
    """Return the grants in the administrator's areas, by user name. One query, at most 200 rows.

    Args:
        name: part of the user name; "" means everybody who has a role now, or had one within the
            last 90 days.
    """
    grants = _within(administrator).filter(account__username__icontains=name)
    if not name:
        grants = grants.in_force(at - ENDED_SHOWN)
    return list(grants.select_related("account").order_by("account__username", "pk")[:MOST_SHOWN])


def end_soon(administrator: Account, *, at: datetime) -> int:
    """Return how many roles in the administrator's areas end within 30 days."""
    return _within(administrator).in_force(at).ended(at + SOON).count()


def staff_account(administrator: Account, account_id: int, *, at: datetime) -> StaffAccount:
    """Return an account that has a role in the administrator's areas.

    Raises:
        NotFound: there is none with this number.
    """
    grant = _within(administrator).filter(account=account_id).select_related("account").first()
    if grant is None:
        raise NotFound(_("There is no such account in your area."))
    account = grant.account
    link = Invitation.objects.filter(
        account=account, shown_to=administrator, digest=None, expires_at__gt=at
    )
    return StaffAccount(
        account=account,
        grants=list(account.grants.ever().order_by("pk")),
        tokens=list(account.tokens.filter(expires_at__gt=at).order_by("pk")),
        is_shown_a_link=link.exists(),
        has_phone=StaffPhone.objects.filter(account=account).exists(),
        venues=venues_managed_by(account),
    )


def _within(administrator: Account) -> GrantQuerySet:
    """Select the roles in the administrator's areas, also those that have ended."""
    inside = Q(pk=None)
    for area in areas_of(administrator, Role.ADMINISTRATOR):
        inside |= Q(area__startswith=area)
    return Grant.objects.ever().filter(inside, role__in=STAFF_ROLES)

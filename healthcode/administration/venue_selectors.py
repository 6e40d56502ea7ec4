"""Read the venues and the partners' systems that an administrator answers for."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of, province, require
from accounts.models import Account, Grant, Role
from healthcode.web.errors import NotFound
from verifier.models import Partner, Venue

ON_A_PAGE: Final = 50


def venues_within(
    administrator: Account, *, at: datetime, name: str = "", only_unmanaged: bool = False
) -> QuerySet[Venue]:
    """Return the venues in the administrator's areas, by name, with their managers.

    `is_managed` says whether the manager's account is open and has the role there.

    Args:
        name: part of the venue's name or of the manager's user name; "" means all venues.
        only_unmanaged: only the open venues that nobody manages.
    """
    inside = Q(pk=None)
    for area in areas_of(administrator, Role.ADMINISTRATOR):
        inside |= Q(area__startswith=area)
    found = Venue.objects.filter(inside).annotate(is_managed=Exists(_grants_of_managers(at)))
    if name:
        found = found.filter(Q(name__icontains=name) | Q(manager__username__icontains=name))
    if only_unmanaged:
        found = found.filter(closed_at=None, is_managed=False)
    return found.select_related("manager").order_by("name", "pk")


def venue_within(administrator: Account, venue_id: int, *, at: datetime) -> Venue:
    """Return one of these venues. Raises NotFound."""
    venue = venues_within(administrator, at=at).filter(pk=venue_id).first()
    if venue is None:
        raise NotFound(_("There is no venue with this number in your area."))
    return venue


def venues_managed_by(account: Account) -> Collection[Venue]:
    """Return the open venues that would have no manager if this account were closed."""
    return list(Venue.objects.filter(manager=account, closed_at=None).order_by("name", "pk"))


def partners_for(administrator: Account) -> QuerySet[Partner]:
    """Return all partners' systems, by name.

    Raises:
        Forbidden, OutsideYourArea: this is no administrator of this service's province.
    """
    require(administrator, Role.ADMINISTRATOR, province())
    return Partner.objects.select_related("account").order_by("account__username")


def partner_for(administrator: Account, account_id: int) -> Partner:
    """Return a partner's system. Raises NotFound, or as `partners_for`."""
    partner = partners_for(administrator).filter(pk=account_id).first()
    if partner is None:
        raise NotFound(_("There is no partner's system with this number."))
    return partner


def _grants_of_managers(at: datetime) -> QuerySet[Grant]:
    """Return the grants by which the manager of the outer query's venue may manage it at `at`."""
    of_manager = Grant.objects.in_force(at).filter(
        role=Role.VENUE_MANAGER, account=OuterRef("manager"), account__is_active=True
    )
    return of_manager.annotate(
        where=ExpressionWrapper(OuterRef("area"), output_field=CharField())
    ).filter(where__startswith=F("area"))

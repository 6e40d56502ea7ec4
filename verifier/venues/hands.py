"""Name deputies of a venue, and hand it over to another manager."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of, covers, require
from accounts.models import Account, Role
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.web import texts
from healthcode.web.errors import Forbidden, NotFound
from verifier.errors import AlreadyInCharge, NoOffer, NoSuchManager
from verifier.models import Deputy, HandOver, Venue
from verifier.venues.in_charge import InCharge, lock, refuse_closed

OFFER_LIFE: Final = timedelta(days=7)


@transaction.atomic
def name_deputy(*, by: InCharge, venue_id: int, username: str, at: datetime) -> Deputy:
    """Let a colleague do the daily work at a venue.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea, VenueIsClosed: as
            `InCharge.take_open`.
        NoSuchManager: nobody of this name may manage venues in this area.
        AlreadyInCharge: the colleague is the manager, or a deputy already.
    """
    venue = by.take_open(venue_id)
    colleague = _colleague(username, venue)
    deputy, is_new = Deputy.objects.get_or_create(
        venue=venue, account=colleague, defaults={"since": at}
    )
    if not is_new:
        raise AlreadyInCharge
    by.record(ActKind.DEPUTY_NAMED, venue, {"account": colleague.pk}, at=at)
    return deputy


@transaction.atomic
def remove_deputy(*, by: InCharge, venue_id: int, account_id: int, at: datetime) -> None:
    """End a deputy's work at a venue. Enrolment codes that nobody has used end, too.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea: as `InCharge.take`; NotFound also if
            the account is no deputy there.
    """
    venue = by.take(venue_id)
    if not Deputy.objects.filter(venue=venue, account=account_id).delete()[0]:
        raise NotFound(_("This account is no longer a deputy here."))
    _end_codes(venue)
    by.record(ActKind.DEPUTY_REMOVED, venue, {"account": account_id}, at=at)


@transaction.atomic
def hand_over(*, by: InCharge, venue_id: int, username: str, at: datetime) -> Account:
    """Hand a venue over, and return the new manager: at once, by an administrator.

    Raises:
        NotFound, Forbidden, OutsideYourArea, VenueIsClosed: as `InCharge.take_open`; Forbidden also
            for a manager, who offers the venue instead.
        NoSuchManager: nobody of this name may manage venues in this area.
        AlreadyInCharge: it is the present manager.
    """
    if by.role is not Role.ADMINISTRATOR:
        raise Forbidden(_("Your account may not do this."))
    venue = by.take_open(venue_id)
    heir, before = _colleague(username, venue), venue.manager_id
    _move(venue, heir)
    by.record(ActKind.VENUE_HANDED_OVER, venue, {"before": before, "after": heir.pk}, at=at)
    return heir


@transaction.atomic
def offer(*, by: InCharge, venue_id: int, username: str, at: datetime) -> HandOver:
    """Offer a venue to a colleague, who accepts within `OFFER_LIFE`. It replaces an older offer.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea, VenueIsClosed: as
            `InCharge.take_open`.
        NoSuchManager: nobody of this name may manage venues in this area.
        AlreadyInCharge: it is the present manager.
    """
    venue = by.take_open(venue_id)
    made, _is_new = HandOver.objects.update_or_create(
        venue=venue,
        defaults={
            "offered_by": by.account,
            "to": _colleague(username, venue),
            "ground_kind": by.ground.kind.value,
            "ground": by.ground.text,
            "offered_at": at,
        },
    )
    return made


@transaction.atomic
def take_back(*, account: Account, venue_id: int) -> None:
    """Take back what the account offered. Raises NoOffer if it was answered before."""
    venue = _offered(venue_id)
    if not HandOver.objects.filter(venue=venue, offered_by=account).delete()[0]:
        raise NoOffer


@transaction.atomic
def accept(*, account: Account, venue_id: int, at: datetime) -> Venue:
    """Take over a venue that its manager offered. The act is the manager's, and names both.

    Raises:
        NoOffer: there is no offer to this account any more, or whoever made it may no longer manage
            the venue.
        Forbidden, OutsideYourArea: the account may no longer manage venues in this area.
        VenueIsClosed: the venue has been closed.
    """
    venue = _offered(venue_id)
    made = HandOver.objects.filter(venue=venue, to=account, offered_at__gt=at - OFFER_LIFE)
    given = made.select_related("offered_by").first()
    if given is None or given.offered_by_id != venue.manager_id:
        raise NoOffer
    if not may_manage(given.offered_by, venue.area):
        raise NoOffer
    refuse_closed(venue)
    require(account, Role.VENUE_MANAGER, venue.area)
    _move(venue, account)
    record_act(
        account=given.offered_by,
        role=Role.VENUE_MANAGER,
        kind=ActKind.VENUE_HANDED_OVER,
        area=venue.area,
        ground=Ground(GroundKind(given.ground_kind), given.ground),
        detail={"venue": venue.pk, "before": given.offered_by_id, "after": account.pk},
        at=at,
        confirmed_by=account,
    )
    return venue


@transaction.atomic
def decline(*, account: Account, venue_id: int) -> None:
    """Refuse a venue that was offered. Raises NoOffer if there is no such offer any more."""
    venue = _offered(venue_id)
    if not HandOver.objects.filter(venue=venue, to=account).delete()[0]:
        raise NoOffer


def end_offers_of(account: Account) -> None:
    """End what the account offered, so that nothing of it is left when the account opens again."""
    HandOver.objects.filter(offered_by=account).delete()


def _offered(venue_id: int) -> Venue:
    try:
        return lock(venue_id)
    except NotFound as missing:
        raise NoOffer from missing


def _move(venue: Venue, heir: Account) -> None:
    """Make `heir` the manager. Codes and offers of the one before end."""
    venue.manager = heir
    venue.save(update_fields=["manager"])
    Deputy.objects.filter(venue=venue, account=heir).delete()
    HandOver.objects.filter(venue=venue).delete()
    _end_codes(venue)


def _end_codes(venue: Venue) -> None:
    """End the codes that nobody has used, because whoever leaves may have kept one."""
    venue.devices.exclude(enrolment_hash=None).update(
        enrolment_hash=None, enrolment_expires_at=None
    )


def manager_named(username: str, area: str) -> Account:
    """Return the open account of this name that may manage venues in the area (short code).

    The refusal is the same for every other account, so that nobody finds out who has which role.

    Raises:
        NoSuchManager: there is none.
    """
    name = texts.trimmed(username)
    # PostgreSQL refuses a text with NUL in it.
    found = None if "\0" in name else Account.objects.filter(username=name, is_active=True).first()
    if found is None or not may_manage(found, area):
        raise NoSuchManager
    return found


def may_manage(account: Account, area: str) -> bool:
    """Tell whether the account is open and may manage venues in the area (short code)."""
    held = areas_of(account, Role.VENUE_MANAGER)
    return account.is_active and any(covers(one, area) for one in held)


def _colleague(username: str, venue: Venue) -> Account:
    """Return who may manage the venue. Raises NoSuchManager; AlreadyInCharge for its manager."""
    found = manager_named(username, venue.area)
    if found.pk == venue.manager_id:
        raise AlreadyInCharge
    return found

"""Rename, close and reopen venues, and block a device by an act: each step with a ground."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from healthcode.acts.kinds import ActKind
from healthcode.web.errors import NotFound
from verifier.errors import VenueIsOpen
from verifier.models import Device, HandOver, Venue
from verifier.venues.in_charge import InCharge
from verifier.venues.services import LONGEST_NAME, clean_name, revoke


@transaction.atomic
def rename(*, by: InCharge, venue_id: int, name: str, at: datetime) -> Venue:
    """Give a venue another name. Its doors show it within a minute; scans stay as they are.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea: as `InCharge.take`.
        VenueIsClosed: the venue is closed.
        InvalidInput: this cannot be a name, or it is the present one.
    """
    venue = by.take_open(venue_id)
    before, venue.name = venue.name, clean_name(name, most=LONGEST_NAME)
    if venue.name == before:
        raise invalid("/name", _("The venue has this name already."))
    venue.save(update_fields=["name"])
    by.record(ActKind.VENUE_RENAMED, venue, {"before": before, "after": venue.name}, at=at)
    return venue


@transaction.atomic
def close(*, by: InCharge, venue_id: int, at: datetime) -> Venue:
    """Close a venue: its devices scan no more, and its enrolment codes end.

    The devices keep their useless tokens, so that a door can be told why. Every process notices
    within 15 seconds.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea: as `InCharge.take`.
        VenueIsClosed: somebody closed it before.
    """
    venue = by.take_open(venue_id)
    venue.closed_at = at
    venue.save(update_fields=["closed_at"])
    blocked = venue.devices.filter(revoked_at=None).update(
        revoked_at=at, enrolment_hash=None, enrolment_expires_at=None
    )
    HandOver.objects.filter(venue=venue).delete()
    by.record(ActKind.VENUE_CLOSED, venue, {"devices": blocked}, at=at)
    return venue


@transaction.atomic
def reopen(*, by: InCharge, venue_id: int, at: datetime) -> Venue:
    """Open a closed venue again. Its devices stay blocked: each one is enrolled anew.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea: as `InCharge.take`.
        VenueIsOpen: it is not closed.
    """
    venue = by.take(venue_id)
    if venue.closed_at is None:
        raise VenueIsOpen
    venue.closed_at = None
    venue.save(update_fields=["closed_at"])
    by.record(ActKind.VENUE_REOPENED, venue, {}, at=at)
    return venue


@transaction.atomic
def block_device(*, by: InCharge, venue_id: int, device_id: int, at: datetime) -> Device:
    """Block a device of a venue by an act.

    Raises:
        NotFound, OnlyTheManager, Forbidden, OutsideYourArea: as `InCharge.take`; NotFound also if
            the venue has no such device, or it is blocked already.
    """
    venue = by.take(venue_id)
    device = venue.devices.filter(pk=device_id, revoked_at=None).first()
    if device is None:
        raise NotFound(_("This venue has no such device in use. It may be blocked already."))
    revoke(device=device, at=at)
    by.record(ActKind.DEVICE_BLOCKED, venue, {"device": device.pk}, at=at)
    return device

"""Add and change venues and the devices at their doors."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import normalise_code, require
from accounts.models import Account, Role
from healthcode.areas.lives import Use, require_valid
from healthcode.core import Outcome
from healthcode.web.errors import InvalidInput
from healthcode.web.fields import one_line
from verifier.doors.enrolment import CODE_LIFE, new_code
from verifier.errors import VenueIsClosed
from verifier.models import Device, Venue, VenueKind
from verifier.venues.selectors import venue_of

LONGEST_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new device and the code that enrols it, which is shown once."""

    device: Device
    code: str = field(repr=False)
    expires_at: datetime


def create_venue(
    *,
    manager: Account,
    name: str,
    area: str,
    yellow: Outcome = Outcome.CAUTION,
    kind: VenueKind = VenueKind.OTHER,
    at: datetime,
) -> Venue:
    """Add a venue in an area that the manager may manage.

    Raises:
        Forbidden: the manager may not manage this area.
        UnknownArea, EndedArea: the area never existed, or it has ended.
        InvalidInput: the name is empty, too long or unreadable, or `yellow` is `pass`.
    """
    code = normalise_code(area)
    require_valid([Use(code, at, "/area")])
    require(manager, Role.VENUE_MANAGER, code)
    _require_yellow(yellow)
    return Venue.objects.create(
        name=clean_name(name, most=LONGEST_NAME),
        area=code,
        manager=manager,
        yellow=yellow.value,
        kind=kind,
        created_at=at,
    )


def admit_yellow(*, venue: Venue, yellow: Outcome) -> None:
    """Set what a yellow code means at this venue.

    Raises:
        InvalidInput: `yellow` is `pass`.
        VenueIsClosed: the venue is closed.
    """
    _require_yellow(yellow)
    opened = Venue.objects.filter(pk=venue.pk, closed_at=None)
    if not opened.update(yellow=yellow.value):
        raise VenueIsClosed


@transaction.atomic
def add_device(
    *, venue: Venue, label: str, at_exit: bool = False, at: datetime, by: Account | None = None
) -> Enrolment:
    """Add a device and make the one-time code that enrols it.

    Args:
        by: the manager or deputy who asks; None if the caller has checked who asks.

    Raises:
        InvalidInput: the label is empty, too long or unreadable.
        VenueIsClosed: the venue is closed.
        NotFound: `by` is neither its manager nor its deputy any more.
    """
    # Locked, so that nobody closes it or hands it over meanwhile.
    opened = Venue.objects.select_for_update(no_key=True).filter(pk=venue.pk, closed_at=None)
    if not opened.exists():
        raise VenueIsClosed
    if by is not None:  # once more: whoever just lost the venue must not get a code after all
        venue_of(by, venue.pk)
    label = clean_name(label, most=64)
    code, digest = new_code()
    device = Device.objects.create(
        venue=venue,
        label=label,
        at_exit=at_exit,
        enrolment_hash=digest,
        enrolment_expires_at=at + CODE_LIFE,
        created_at=at,
    )
    return Enrolment(device, code, at + CODE_LIFE)


def revoke(*, device: Device, at: datetime) -> None:
    """End a device's right to scan. Every process notices within 15 seconds."""
    Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(
        revoked_at=at, enrolment_hash=None, token_hash=None
    )


def clean_name(text: str, *, most: int) -> str:
    """Return the name of a venue or a device, cleaned.

    Raises:
        InvalidInput: it is empty, has more than `most` characters, or some that no name can have.
    """
    name = one_line(text, "/name")
    if not name or len(name) > most:
        raise InvalidInput(
            _("Enter a name of 1 to %(most)s characters.") % {"most": most},
        )
    return name


def _require_yellow(yellow: Outcome) -> None:
    if yellow is Outcome.PASS:
        raise InvalidInput(_("A yellow code can mean caution or refuse, but never pass."))

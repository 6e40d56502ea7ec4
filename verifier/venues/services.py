"""Add and change venues and the devices at their doors."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.authority import normalise_code, require
from accounts.models import Account, Role
from healthcode.areas.lives import Use, require_valid
from healthcode.core import Outcome
from healthcode.web.errors import InvalidInput
from healthcode.web.fields import one_line
from verifier.doors.enrolment import CODE_LIFE, new_code
from verifier.models import Device, Venue, VenueKind


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
        name=_name(name, most=128),
        area=code,
        manager=manager,
        yellow=yellow.value,
        kind=kind,
        created_at=at,
    )


def admit_yellow(*, venue: Venue, yellow: Outcome) -> None:
    """Set what a yellow code means at this venue. Raises InvalidInput for `pass`."""
    _require_yellow(yellow)
    Venue.objects.filter(pk=venue.pk).update(yellow=yellow.value)


def add_device(*, venue: Venue, label: str, at_exit: bool = False, at: datetime) -> Enrolment:
    """Add a device and make the one-time code that enrols it. Raises InvalidInput."""
    label = _name(label, most=64)
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


def _name(text: str, *, most: int) -> str:
    name = one_line(text, "/name")
    if not name or len(name) > most:
        raise InvalidInput(
            _("Enter a name of 1 to %(most)s characters.") % {"most": most},
        )
    return name


def _require_yellow(yellow: Outcome) -> None:
    if yellow is Outcome.PASS:
        raise InvalidInput(_("A yellow code can mean caution or refuse, but never pass."))

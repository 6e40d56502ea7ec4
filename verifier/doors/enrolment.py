"""Enrol a device with a code that is shown once, and find the door that a token belongs to."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from django.conf import settings
from django.db import connection

from accounts import limits
from healthcode.core import Outcome
from healthcode.web.short_codes import new_short_code, normalise_short_code, shown
from verifier.doors.scanning import EnrolledDevice
from verifier.errors import EnrolmentCodeNotValid
from verifier.models import Device

CODE_LIFE: Final = timedelta(hours=1)
WRONG_CODES: Final = limits.Limit("enrolment", most=10, within=timedelta(minutes=15), at_doors=True)
SEEN_EVERY: Final = timedelta(hours=1)
"""How exactly the venue's page tells when a device was last seen. Scans must not pay for more."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolled device with its token. The token is sent once and stored hashed."""

    device: Device
    token: str = field(repr=False)


def enrol(*, enrolment_code: str, sender: str, at: datetime) -> Enrolled:
    """Exchange an enrolment code for the token of a device. The code works only once.

    `sender` is the network address of the request. `WRONG_CODES` limits how many wrong codes it may
    send.

    Raises:
        EnrolmentCodeNotValid: the code is unknown, used, expired or revoked.
        TooMany: `sender` has sent too many wrong codes.
    """
    limits.take([(WRONG_CODES, sender)], at=at)
    digest = _code_hash(normalise_short_code(enrolment_code))
    token = secrets.token_urlsafe(32)
    updated = Device.objects.filter(
        enrolment_hash=digest, enrolment_expires_at__gt=at, revoked_at__isnull=True
    ).update(
        enrolment_hash=None,
        enrolment_expires_at=None,
        token_hash=token_digest(token),
        enrolled_at=at,
    )
    if not updated:
        raise EnrolmentCodeNotValid
    limits.forgive(WRONG_CODES, sender)
    # A process of doors may not read the other columns.
    known = Device.objects.select_related("venue").only("venue__name")
    return Enrolled(known.get(token_hash=token_digest(token)), token)


def token_digest(token: str) -> bytes:
    """Return the digest of a device's token that is stored.

    The token has 256 random bits, so a hash without a key is enough.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _code_hash(plain: str) -> bytes:
    """Return the keyed hash by which codes are looked up, so that timing reveals nothing."""
    text = f"verifier:enrolment:{plain}".encode("utf-8", "surrogatepass")
    return hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")


def new_code() -> tuple[str, bytes]:
    """Make a code. Return it as it is shown, and the hash that is stored."""
    plain = new_short_code()
    return shown(plain), _code_hash(plain)


class NoDoor(Enum):
    """Why a token opens no door."""

    UNKNOWN = auto()
    """No device has it, or the device was blocked."""
    CLOSED = auto()
    """The venue of its device is closed."""


# Not by Django's models, which take longer to write this query than PostgreSQL to answer it.
_DOOR: Final = """
SELECT device.id, venue.id, venue.yellow, venue.closed_at IS NOT NULL,
    device.revoked_at IS NOT NULL, coalesce(device.last_seen_at > %s, false)
FROM verifier_device AS device JOIN verifier_venue AS venue ON venue.id = device.venue_id
WHERE device.token_hash = %s
"""


def door_of(token_digest: bytes, *, at: datetime) -> EnrolledDevice | NoDoor:
    """Return the door of the device whose token has this digest, and note that it was seen."""
    with connection.cursor() as cursor:
        cursor.execute(_DOOR, [at - SEEN_EVERY, token_digest])
        found = cursor.fetchone()
    if found is None:
        return NoDoor.UNKNOWN
    device, venue, yellow, is_closed, is_revoked, was_seen_lately = found
    if is_closed:
        return NoDoor.CLOSED
    if is_revoked:
        return NoDoor.UNKNOWN
    if not was_seen_lately:
        Device.objects.filter(pk=device).update(last_seen_at=at)
    return EnrolledDevice(device=device, venue=venue, yellow=Outcome(yellow))


def leave(*, door: EnrolledDevice) -> None:
    """End the token of a device that leaves its venue. Every process notices within 15 seconds."""
    # Not revoked_at, which a process of doors may not write.
    Device.objects.filter(pk=door.device).update(token_hash=None)

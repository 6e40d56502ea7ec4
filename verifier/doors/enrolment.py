"""How a device is enrolled with a code that is shown once, and which door its token stands for."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts import limits
from healthcode.core import Outcome
from healthcode.web import texts
from verifier.doors.scanning import EnrolledDevice
from verifier.errors import EnrolmentCodeNotValid
from verifier.models import Device

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no letter that a tired eye takes for a digit."""

CODE_LENGTH: Final = 8
CODE_LIFE: Final = timedelta(hours=1)
WRONG_CODES: Final = limits.Limit("enrolment", most=10, within=timedelta(minutes=15))
_LOOKALIKES: Final = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that has its token; the token is told once and kept hashed."""

    device: Device
    token: str = field(repr=False)


def enrol(*, enrolment_code: str, sender: str, at: datetime) -> Enrolled:
    """Give the device its token for the code; the code works once, for whoever is first.

    `sender` is the network address that asks; too many wrong codes from one shut it out a while.

    Raises:
        EnrolmentCodeNotValid: unknown, used, expired or revoked.
        TooMany: wrong again and again.
    """
    limits.take([(WRONG_CODES, sender)], at=at)
    digest = _code_hash(normalise_enrolment_code(enrolment_code))
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
    device = Device.objects.select_related("venue").get(token_hash=token_digest(token))
    return Enrolled(device, token)


def normalise_enrolment_code(text: str) -> str:
    """A typed code as it was given out: any case, spaces, dashes, full width, lookalikes."""
    return texts.number(text[:64]).translate(_LOOKALIKES)


def token_digest(token: str) -> bytes:
    """What is kept of a device's token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _code_hash(plain: str) -> bytes:
    """Codes are looked up by this hash, so comparing them tells nothing through its timing."""
    text = f"verifier:enrolment:{plain}".encode("utf-8", "surrogatepass")
    return hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")


def new_code() -> tuple[str, bytes]:
    """A code as it is shown, and what is kept of it."""
    plain = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
    return f"{plain[:4]}-{plain[4:]}", _code_hash(plain)


def door_of(token_digest: bytes) -> EnrolledDevice | None:
    """The door whose device has the token of this digest, unless it was revoked."""
    found = (
        Device.objects.filter(token_hash=token_digest, revoked_at__isnull=True)
        .values_list("pk", "venue_id", "venue__yellow")
        .first()
    )
    if found is None:
        return None
    device, venue, yellow = found
    return EnrolledDevice(device=device, venue=venue, yellow=Outcome(yellow))

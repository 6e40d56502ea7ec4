"""Venues, their devices, and how a device is enrolled."""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import limits
from accounts.authority import normalise_code, require
from accounts.models import Account, Role
from healthcode.areas.selectors import require_known
from healthcode.core import Outcome
from healthcode.sandbox import is_specimen
from healthcode.web.errors import InvalidInput
from verifier.errors import EnrolmentCodeNotValid
from verifier.models import Device, Publication, TrustedIssuer, Venue, VenueKind

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32: no letter that a tired eye takes for a digit."""

CODE_LENGTH: Final = 8
CODE_LIFE: Final = timedelta(hours=1)
WRONG_CODES: Final = limits.Limit("enrolment", most=10, within=timedelta(minutes=15))
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_SEPARATORS: Final = str.maketrans("", "", " -\t\r\n")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A device to be enrolled with a code that is shown once."""

    device: Device
    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device that has its token; the token is told once and kept hashed."""

    device: Device
    token: str = field(repr=False)


def create_venue(
    *,
    manager: Account,
    name: str,
    area: str,
    yellow: Outcome = Outcome.CAUTION,
    kind: VenueKind = VenueKind.OTHER,
    at: datetime,
) -> Venue:
    """Open a venue in an area of the manager's.

    Raises:
        Forbidden: the area is outside what the manager may manage.
        UnknownArea, InvalidInput: no such area; no name; yellow neither caution nor refuse.
    """
    code = normalise_code(area)
    require_known([code])
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
    """Make a place for a device and the one-time code that enrols it. Raises InvalidInput."""
    label = _name(label, most=64)
    code, digest = _new_code()
    device = Device.objects.create(
        venue=venue,
        label=label,
        at_exit=at_exit,
        enrolment_hash=digest,
        enrolment_expires_at=at + CODE_LIFE,
        created_at=at,
    )
    return Enrolment(device, code, at + CODE_LIFE)


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
        raise EnrolmentCodeNotValid(
            _("This code is wrong, used or too old. Ask the venue's manager for a new one.")
        )
    limits.forgive(WRONG_CODES, sender)
    device = Device.objects.select_related("venue").get(token_hash=token_digest(token))
    return Enrolled(device, token)


def revoke(*, device: Device, at: datetime) -> None:
    """End a device's right to scan; every process notices within seconds."""
    Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(
        revoked_at=at, enrolment_hash=None, token_hash=None
    )


def trust_issuer(*, name: str, base_url: str) -> TrustedIssuer:
    """Recognise an issuer's codes from now on, as published at `base_url`.

    Raises InvalidInput for an issuer of specimens.
    """
    if is_specimen(name):
        raise InvalidInput(_("Specimens are for the sandbox; their issuer is never trusted."))
    address = base_url.rstrip("/")
    issuer, created = TrustedIssuer.objects.get_or_create(name=name, defaults={"base_url": address})
    if not created and issuer.base_url != address:
        # What was fetched elsewhere is not this address's word.
        Publication.objects.filter(issuer=name).delete()
        issuer.base_url = address
        issuer.save(update_fields=["base_url"])
    return issuer


def normalise_enrolment_code(text: str) -> str:
    """A typed code as it was given out: any case, spaces, dashes, full width, lookalikes."""
    plain = unicodedata.normalize("NFKC", text[:64]).upper().translate(_SEPARATORS)
    return plain.translate(_LOOKALIKES)


def token_digest(token: str) -> bytes:
    """What is kept of a device's token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _new_code() -> tuple[str, bytes]:
    plain = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
    return f"{plain[:4]}-{plain[4:]}", _code_hash(plain)


def _code_hash(plain: str) -> bytes:
    """Codes are looked up by this hash, so comparing them tells nothing through its timing."""
    text = f"verifier:enrolment:{plain}".encode("utf-8", "surrogatepass")
    return hmac.digest(settings.SECRET_KEY.encode(), text, "sha256")


def _name(text: str, *, most: int) -> str:
    name = text.strip()
    if not name or not name.isprintable() or len(name) > most:
        raise InvalidInput(
            _("Give it a name of 1 to %(most)s characters.") % {"most": most},
        )
    return name


def _require_yellow(yellow: Outcome) -> None:
    if yellow is Outcome.PASS:
        raise InvalidInput(_("A yellow code can mean caution or refusal, never simply pass."))

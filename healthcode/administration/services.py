"""Change what machines may do and what is trusted: the change and its act, in one transaction.

The functions of other rooms make the changes. This room requires an administrator for the area, and
records who it was. Details of acts refer to accounts by number; they contain no secrets.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import marks
from accounts.authority import province
from accounts.models import Account
from accounts.services import staff_name
from healthcode.acts.kinds import ActKind
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log_models import (
    KeyUse,
    LogKey,
)
from healthcode.administration.administrator import Administrator
from healthcode.administration.errors import PartnerKnown
from healthcode.codes import keys
from healthcode.codes.models import SigningKey
from healthcode.core import Outcome
from healthcode.web.errors import NotFound
from verifier.models import Partner, TrustedIssuer, Venue, VenueKind
from verifier.partners import services as partners
from verifier.recognition import services as recognition
from verifier.venues import services as venues


@dataclass(frozen=True, slots=True)
class NewVenue:
    """A venue to be opened. `area` is the code of its division, in any of the usual forms."""

    manager: Account
    name: str
    area: str
    yellow: Outcome = Outcome.CAUTION
    kind: VenueKind = VenueKind.OTHER


@transaction.atomic
def add_venue(*, by: Administrator, new: NewVenue, at: datetime) -> Venue:
    """Add a venue for a manager.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this area, or the manager may
            not manage it.
        InvalidInput, UnknownArea, EndedArea: as `verifier.venues.services.create_venue`.
    """
    venue = venues.create_venue(
        manager=new.manager, name=new.name, area=new.area, yellow=new.yellow, kind=new.kind, at=at
    )
    by.require(venue.area)
    detail = {"venue": venue.pk, "manager": new.manager.pk, "yellow": venue.yellow}
    by.record(ActKind.VENUE_CHANGED, detail, areas=[venue.area], at=at)
    return venue


@transaction.atomic
def add_device(*, by: Administrator, venue: Venue, label: str, at: datetime) -> venues.Enrolment:
    """Add a device to a venue. Raises Forbidden, OutsideYourArea or InvalidInput."""
    by.require(venue.area)
    enrolment = venues.add_device(venue=venue, label=label, at=at)
    detail = {"venue": venue.pk, "device": enrolment.device.pk}
    by.record(ActKind.VENUE_CHANGED, detail, areas=[venue.area], at=at)
    return enrolment


@dataclass(frozen=True, slots=True)
class PartnerTerms:
    """What a partner's system may do. `keys` is its JWK set, public keys only."""

    name: str
    keys: bytes
    scopes: Collection[str]
    codes_per_minute: int
    contact: str = field(default="", repr=False)


@transaction.atomic
def add_partner(*, by: Administrator, terms: PartnerTerms, at: datetime) -> Partner:
    """Register a partner's system, or change a known one.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
        InvalidInput: as `verifier.partners.services.register`.
    """
    by.require(province())
    partner = partners.register(
        name=terms.name,
        keys=terms.keys,
        scopes=terms.scopes,
        codes_per_minute=terms.codes_per_minute,
        contact=terms.contact,
        at=at,
        granted_by=by.account,
    )
    detail = {
        "account": partner.account_id,
        "scopes": partner.scopes,
        "codes_per_minute": partner.codes_per_minute,
        "keys": [key["kid"] for key in partner.keys["keys"]],
    }
    by.record(ActKind.PARTNER_CHANGED, detail, areas=[province()], at=at)
    return partner


@transaction.atomic
def admit_partner(*, by: Administrator, terms: PartnerTerms, at: datetime) -> Partner:
    """Register a partner's system as `add_partner` does, but never change a known one.

    Raises:
        PartnerKnown: a system of this name is admitted already.
    """
    by.require(province())
    if Partner.objects.filter(account__username=staff_name(terms.name)).exists():
        raise PartnerKnown
    return add_partner(by=by, terms=terms, at=at)


@transaction.atomic
def end_partner(*, by: Administrator, partner: Partner, at: datetime) -> None:
    """End a partner's system. Whoever admits it again sends its keys anew.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
        NotFound: it has ended already.
    """
    by.require(province())
    still = Partner.objects.select_for_update().filter(pk=partner.pk).first()
    if still is None:
        raise NotFound(_("There is no partner's system with this number."))
    detail = {"account": still.account_id}
    partners.end(partner=still, at=at)
    by.record(ActKind.PARTNER_ENDED, detail, areas=[province()], at=at)


@transaction.atomic
def trust_issuer(*, by: Administrator, name: str, base_url: str, at: datetime) -> TrustedIssuer:
    """Accept an issuer's codes from now on.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
        InvalidInput, EndedArea: as `verifier.recognition.services.trust_issuer`.
    """
    by.require(province())
    issuer = recognition.trust_issuer(name=name, base_url=base_url, at=at)
    detail = {"issuer": issuer.name, "base_url": issuer.base_url}
    by.record(ActKind.ISSUER_TRUSTED, detail, areas=[province()], at=at)
    return issuer


@transaction.atomic
def make_key(
    *, by: Administrator, starts: datetime, signs_for: timedelta, at: datetime
) -> SigningKey:
    """Make a signing key.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
        ImproperlyConfigured: SIGNING_KEY_SECRET, which encrypts the key, is not set.
    """
    by.require(province())
    key = keys.make_key(starts=starts, signs_for=signs_for)
    detail = {
        "key": bytes(key.kid).hex(),
        "starts": starts.isoformat(),
        "signs_until": key.signs_until.isoformat(),
    }
    by.record(ActKind.KEY_MADE, detail, areas=[province()], at=at)
    return key


@transaction.atomic
def withdraw_key(*, by: Administrator, kid: bytes, at: datetime) -> bool:
    """Withdraw a signing key. Return False, and record no act, if no key in force has this id.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
    """
    by.require(province())
    if not keys.withdraw_key(kid=kid, at=at):
        return False
    by.record(ActKind.KEY_WITHDRAWN, {"key": kid.hex()}, areas=[province()], at=at)
    return True


@transaction.atomic
def accept_secret(
    *, by: Administrator, setting: Literal["SECRET_KEY", "STATUS_INDEX_KEY"], at: datetime
) -> None:
    """Accept this process's secret as the one that belongs to this database from now on.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
    """
    by.require(province())
    marks.replace_mark(setting)
    by.record(ActKind.SECRET_ACCEPTED, {"setting": setting}, areas=[province()], at=at)


@transaction.atomic
def retire_lost_log_keys(*, by: Administrator, at: datetime) -> list[LogKey]:
    """Retire the keys of the public log that this process's LOG_KEY_SECRET does not open.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
    """
    by.require(province())
    lost = log_keys.retire_lost_keys(at=at)
    detail = {"setting": "LOG_KEY_SECRET", "retired": [_log_key_id(key) for key in lost]}
    by.record(ActKind.SECRET_ACCEPTED, detail, areas=[province()], at=at)
    return lost


@transaction.atomic
def make_log_keys(
    *, by: Administrator, origin: str = "", use: KeyUse = KeyUse.LOG, at: datetime
) -> list[LogKey]:
    """Make keys that sign the public log, or with which this service cosigns other logs.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this service's province.
        LogFault, MalformedKey: as `healthcode.acts.log.keys.make_keys`.
    """
    by.require(province())
    made = log_keys.make_keys(at=at, origin=origin, use=use)
    detail = {
        "use": use.value,
        "origin": made[0].origin,
        "keys": [_log_key_id(key) for key in made],
    }
    by.record(ActKind.LOG_KEY_MADE, detail, areas=[province()], at=at)
    return made


def _log_key_id(key: LogKey) -> str:
    return log_keys.public_key(key).key_id.hex()

"""Change who may do what and what is trusted: the change and its act, in one transaction.

The functions of other rooms make the changes. This room requires an administrator for the area, and
records who it was. Details of acts refer to accounts by number; they contain no secrets.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts import marks
from accounts import services as accounts
from accounts.authority import province, require
from accounts.models import Account, Grant, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.log import keys as log_keys
from healthcode.acts.models import KeyUse, LogKey
from healthcode.acts.services import record_act
from healthcode.codes import keys
from healthcode.codes.models import SigningKey
from healthcode.core import Outcome
from healthcode.web.advisory_locks import AdvisoryLock
from healthcode.web.errors import Forbidden
from verifier.models import Partner, TrustedIssuer, Venue, VenueKind
from verifier.partners import services as partners
from verifier.recognition import services as recognition
from verifier.venues import services as venues

STAFF_ROLES: Final = frozenset(Role) - {Role.RESIDENT}
"""The roles that an administrator grants. A resident gets the role by logging in."""


@dataclass(frozen=True, slots=True)
class StaffGrant:
    """A role that an account of staff, or of a machine, is to have.

    Attributes:
        username: the name of the account, which need not exist yet.
        area: the short code of the area; "" is the whole country.
        name: the public name of a source in Chinese, which residents read. If there is neither this
            nor `name_en`, the names stay as they are.
        name_en: the same in English.
        phone: the telephone at which the holder is told what cannot wait; empty leaves it as it is.

    Raises ValueError if this is not a role of staff, or if the names are not those of a source.
    """

    username: str
    role: Role
    area: str
    name: str = ""
    name_en: str = ""
    phone: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.role not in STAFF_ROLES:
            raise ValueError(f"no role of staff: {self.role}")
        if self.is_named and self.role is not Role.SOURCE:
            raise ValueError("only a source has a public name")

    @property
    def is_named(self) -> bool:
        """Return whether the grant gives the account a public name."""
        return bool(self.name or self.name_en)


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who administers the service, and the ground for what they do now."""

    account: Account
    ground: Ground

    def require(self, area: str) -> None:
        """Refuse what is not theirs. Raises Forbidden or OutsideYourArea."""
        require(self.account, Role.ADMINISTRATOR, area)

    def record(
        self,
        kind: ActKind,
        detail: Mapping[str, object],
        *,
        areas: Collection[str],
        at: datetime,
    ) -> None:
        """Record what they did. `areas` are the areas that it touches, the first one before all."""
        area, *touched = areas
        record_act(
            account=self.account,
            role=Role.ADMINISTRATOR,
            kind=kind,
            area=area,
            ground=self.ground,
            detail=detail,
            touched=touched,
            at=at,
        )


@transaction.atomic
def add_first_administrator(
    *, username: str, area: str, password: str | None, phone: str = "", ground: Ground, at: datetime
) -> Account:
    """Make the administrator of a service that has none. The act names the new account itself.

    Raises:
        Forbidden: there is an open account of an administrator.
        InvalidInput, UnknownArea, EndedArea, ValidationError: as `accounts.services.add_staff`.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {AdvisoryLock.FIRST_ADMINISTRATOR.alone}")
    if Grant.objects.filter(role=Role.ADMINISTRATOR, account__is_active=True).exists():
        raise Forbidden(_("There is an administrator already. Say with --by who does this."))
    grant = StaffGrant(username, Role.ADMINISTRATOR, area, phone=phone)
    account = _add(grant, password=password, granted_by=None, at=at)
    _record_grant(Administrator(account, ground), account, grant, password=password, at=at)
    return account


@transaction.atomic
def add_staff(
    *, by: Administrator, grant: StaffGrant, password: str | None, at: datetime
) -> Account:
    """Give an account a role. Make the account if there is none of this name.

    Args:
        password: the new password; None leaves it as it is. A machine has none.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this area.
        InvalidInput, UnknownArea, EndedArea, ValidationError: as `accounts.services.add_staff`.
    """
    by.require(grant.area)
    account = _add(grant, password=password, granted_by=by.account, at=at)
    _record_grant(by, account, grant, password=password, at=at)
    return account


@transaction.atomic
def set_open(*, by: Administrator, account: Account, is_open: bool, at: datetime) -> None:
    """Close an account or open it again, and delete its tokens.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
    """
    areas = _areas_of(account)
    for area in areas:
        by.require(area)
    accounts.set_open(account=account, is_open=is_open)
    kind = ActKind.ACCOUNT_REOPENED if is_open else ActKind.ACCOUNT_CLOSED
    by.record(kind, {"account": account.pk}, areas=areas, at=at)


@transaction.atomic
def issue_token(
    *, by: Administrator, account: Account, label: str, expires_at: datetime, at: datetime
) -> str:
    """Issue a token to an account, and return it. It is not stored.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
    """
    areas = _areas_of(account)
    for area in areas:
        by.require(area)
    token = accounts.issue_token(account=account, label=label, expires_at=expires_at)
    detail = {"account": account.pk, "expires_at": expires_at.isoformat()}
    by.record(ActKind.TOKEN_ISSUED, detail, areas=areas, at=at)
    return token


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


def _add(
    grant: StaffGrant, *, password: str | None, granted_by: Account | None, at: datetime
) -> Account:
    account = accounts.add_staff(
        username=grant.username,
        password=password,
        role=grant.role,
        area=grant.area,
        granted_by=granted_by,
        at=at,
    )
    if grant.is_named:
        accounts.name_institution(account=account, zh=grant.name, en=grant.name_en)
    if grant.phone:
        accounts.set_staff_phone(account=account, phone=grant.phone)
    return account


def _record_grant(
    by: Administrator, account: Account, grant: StaffGrant, *, password: str | None, at: datetime
) -> None:
    detail = {
        "account": account.pk,
        "role": grant.role.value,
        "password_changed": password is not None,
        **({"name": grant.name, "name_en": grant.name_en} if grant.is_named else {}),
        **({"phone_changed": True} if grant.phone else {}),
    }
    by.record(ActKind.STAFF_GRANTED, detail, areas=[grant.area], at=at)


def _areas_of(account: Account) -> list[str]:
    """Return the areas in which the account has a role; this service's province if it has none."""
    return sorted(set(account.grants.values_list("area", flat=True))) or [province()]

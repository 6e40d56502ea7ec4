"""The acts about staff that wait for a second person: a role, and a password chosen anew."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts import grants, invitations
from accounts import services as accounts
from accounts.authority import covers, require, require_area, require_one_of
from accounts.errors import invalid
from accounts.models import OF_MACHINES, OF_PEOPLE, Account, Grant, Role
from healthcode.acts.effects import NO_EFFECT
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.second_person import GRANTED_LATELY
from healthcode.acts.services import record_planned
from healthcode.administration.administrator import areas_of_account
from healthcode.administration.errors import NoPassword, OwnPassword
from healthcode.administration.last_administrator import refuse_last_administrator
from healthcode.administration.roles import last_day
from healthcode.evidence.models import SourceGrant
from healthcode.web.days import day_of, start_of_day

STAFF_ROLES: Final = OF_PEOPLE | OF_MACHINES
"""The roles that an administrator grants. A resident gets the role by logging in."""

MOST_OF_A_GRANT: Final = timedelta(days=730)
"""How far from today the last day of a role can be."""

CONFIRMERS: Final = (Role.ADMINISTRATOR, Role.OFFICER)
"""Whoever has one of these roles over the area can be the second person."""


@dataclass(frozen=True, slots=True)
class StaffGrant:
    """A role that an account of staff, or of a machine, is to have.

    Attributes:
        username: the name of the account, which need not exist yet.
        area: the short code of the area; "" is the whole country.
        name: the public name of a source in Chinese, which residents read. If there is neither this
            nor `name_en`, the names stay as they are.
        name_en: the same in English.
        until: the last day in Shanghai on which the role holds; None means until somebody takes it
            back. For an account that has the role, this replaces what was said before.

    Raises ValueError if this is not a role of staff, or if the names are not those of a source.
    """

    username: str
    role: Role
    area: str
    name: str = ""
    name_en: str = ""
    until: date | None = None

    def __post_init__(self) -> None:
        if self.role not in STAFF_ROLES:
            raise ValueError(f"no role of staff: {self.role}")
        if self.is_named and self.role is not Role.SOURCE:
            raise ValueError("only a source has a public name")

    @property
    def is_named(self) -> bool:
        """Return whether the grant gives the account a public name."""
        return bool(self.name or self.name_en)

    @property
    def ends_at(self) -> datetime | None:
        """Return the instant from which the role does not hold any more: after the last day."""
        return start_of_day(self.until + timedelta(days=1)) if self.until else None


@dataclass(frozen=True, slots=True)
class ChangedAccount:
    """An account that was changed, and the act."""

    account: Account
    act: Act


@dataclass(frozen=True, slots=True)
class StaffGrantPlan(ActPlan[ChangedAccount]):
    """A role that an administrator wants to give.

    The owner of a new account of a person chooses the password by an invitation. A grant never
    changes the password of an account that exists: only `PasswordResetPlan` does.
    """

    kind = ActKind.STAFF_GRANTED
    done_as = Role.ADMINISTRATOR
    grant: StaffGrant

    def authorise(self, account: Account) -> None:
        """See `ActPlan`. An officer can confirm it; only an administrator can do it."""
        require_one_of(account, CONFIRMERS, self.grant.area)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`."""
        area, role = self.grant.area, self.grant.role
        require(account, Role.ADMINISTRATOR, area)
        if area:
            require_area(area, at=at)
        _require_day(self.grant.until, at)
        username = accounts.staff_name(self.grant.username)
        known = Account.objects.filter(username=username).first()
        if known is not None:
            accounts.refuse_mixed(known, role)
            if role is Role.ADMINISTRATOR and self.grant.until:
                refuse_last_administrator(known, area=area, at=at)
        return Foreseen(
            area=area,
            effect=NO_EFFECT,
            facts={"username": username, "is_new": known is None, "held": _held_by(known, at)},
            about=role.value,
            can_be_confirmed=_could_be_confirmed([area], by=account, at=at),
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> ChangedAccount:
        """Give the role, make the account if there is none, and record the act."""
        given = self.grant
        account = self._give(signed.account, at)
        if given.is_named:
            accounts.name_institution(account=account, zh=given.name, en=given.name_en)
        is_invited = foreseen.facts["is_new"] and given.role in OF_PEOPLE
        if is_invited:
            invitations.invite(account=account, shown_to=signed.account, at=at)
        detail = {
            "account": account.pk,
            "role": given.role.value,
            "invited": is_invited,
            **({"name": given.name, "name_en": given.name_en} if given.is_named else {}),
            **({"until": given.until.isoformat()} if given.until else {}),
            **_why_alone(foreseen),
        }
        act = record_planned(plan=self, signed=signed, foreseen=foreseen, detail=detail, at=at)
        return ChangedAccount(account, act)

    def _give(self, by: Account, at: datetime) -> Account:
        """Give the role, or the role that the account has its new end."""
        given = self.grant
        _forget_reporting(given, at)
        account = accounts.add_staff(
            username=given.username,
            password=None,
            role=given.role,
            area=given.area,
            granted_by=by,
            ends_at=given.ends_at,
            at=at,
        )
        grant = account.grants.in_force(at).get(role=given.role, area=given.area)
        if grant.ends_at != given.ends_at:
            grants.set_end(grant=grant, ends_at=given.ends_at)
        return account


@dataclass(frozen=True, slots=True)
class PasswordResetPlan(ActPlan[ChangedAccount]):
    """A password that its owner is to choose anew. The old one ends with the act."""

    kind = ActKind.PASSWORD_RESET
    done_as = Role.ADMINISTRATOR
    account: int

    def authorise(self, account: Account) -> None:
        """See `ActPlan`. An officer can confirm it; only an administrator can do it."""
        for area in areas_of_account(self._owner()):
            require_one_of(account, CONFIRMERS, area)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`."""
        owner = self._owner()
        area, *others = areas = areas_of_account(owner)
        for one in areas:
            require(account, Role.ADMINISTRATOR, one)
        # Roles that have ended count: the password must not be easier to take than the role was.
        roles = set(owner.grants.ever().values_list("role", flat=True))
        if not roles & OF_PEOPLE:
            raise NoPassword
        if owner == account:
            raise OwnPassword
        gravest = next((role for role in CONFIRMERS if role in roles), None)
        return Foreseen(
            area=area,
            effect=NO_EFFECT,
            facts={"username": owner.username, "held": _held_by(owner, at)},
            touched=tuple(others),
            about=gravest.value if gravest else min(roles),
            can_be_confirmed=_could_be_confirmed(areas, by=account, at=at),
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> ChangedAccount:
        """End the password with its sessions and tokens, invite the owner, and record the act."""
        owner = self._owner()
        invitations.take_password(account=owner, at=at)
        invitations.invite(account=owner, shown_to=signed.account, at=at)
        detail = {"account": owner.pk, **_why_alone(foreseen)}
        act = record_planned(plan=self, signed=signed, foreseen=foreseen, detail=detail, at=at)
        return ChangedAccount(owner, act)

    def _owner(self) -> Account:
        return Account.objects.get(pk=self.account)


def _require_day(until: date | None, at: datetime) -> None:
    """Refuse a last day that has passed, or is too far away.

    Raises:
        InvalidInput: it is so.
    """
    if until is not None and not day_of(at) <= until <= day_of(at) + MOST_OF_A_GRANT:
        raise invalid("/until", _("Choose a last day from today on, at most two years from now."))


def _forget_reporting(given: StaffGrant, at: datetime) -> None:
    """Delete what a source might report by this role before, if the role has ended since."""
    SourceGrant.objects.filter(
        grant__in=Grant.objects.ended(at).filter(role=Role.SOURCE, area=given.area),
        grant__account__username=accounts.staff_name(given.username),
    ).delete()


def _held_by(account: Account | None, at: datetime) -> list[list[str]]:
    """Return the roles of an account with their areas, as JSON values; the last day, if any."""
    if account is None:
        return []
    held = account.grants.in_force(at).order_by("pk")
    days = {one: last_day(one) for one in held}
    return [[one.role, one.area, *([day.isoformat()] if day else [])] for one, day in days.items()]


def _could_be_confirmed(areas: Collection[str], *, by: Account, at: datetime) -> bool:
    """Return whether there is, or ever was, a second person over, or inside, one of `areas`.

    Closed accounts and roles that have ended count, so that closing accounts and taking roles back
    makes no act possible for one person alone. Whom `by` made an officer or administrator within
    the last days does not count: they cannot confirm anything for `by` yet.
    """
    others = Grant.objects.ever().filter(role__in=CONFIRMERS).exclude(account=by)
    others = others.exclude(granted_by=by, granted_at__gt=at - GRANTED_LATELY)
    held = set(others.values_list("area", flat=True))
    return any(covers(one, area) or covers(area, one) for one in held for area in areas)


def _why_alone(foreseen: Foreseen) -> dict[str, object]:
    """Return what the act says if nobody could have confirmed it."""
    return {} if foreseen.can_be_confirmed else {"nobody_could_confirm": True}

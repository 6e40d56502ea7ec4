"""Give people and machines their roles, passwords and tokens: the change and its act.

Details of acts refer to accounts by number; they contain no secrets. Nobody but its owner ever
knows a password, except that of the very first administrator, which is typed in the shell.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import grants, invitations
from accounts import services as accounts
from accounts.errors import invalid
from accounts.event_models import AccountEventKind
from accounts.models import OF_MACHINES, Account, Grant, Role, Token
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.administration.administrator import Administrator, areas_of_account
from healthcode.administration.errors import OwnTokensOnly, RoleEnded
from healthcode.administration.last_administrator import (
    one_administrator_at_a_time,
    refuse_last_administrator,
)
from healthcode.administration.plans import (
    ChangedAccount,
    PasswordResetPlan,
    StaffGrant,
    StaffGrantPlan,
)
from healthcode.colours.two_persons import do_or_propose
from healthcode.evidence.models import SourceGrant
from healthcode.web.errors import Forbidden
from healthcode.web.fields import one_line
from verifier.venues import hands

LONGEST_LABEL: Final = 64
MOST_DAYS_OF_TOKEN: Final = 366
"""On the page. A command can issue a token that lasts longer."""


@transaction.atomic
def add_first_administrator(
    *, username: str, area: str, password: str | None, phone: str = "", ground: Ground, at: datetime
) -> Account:
    """Make the administrator of a service that never had one. The act names the account itself.

    Raises:
        Forbidden: there is, or was, an administrator.
        InvalidInput, UnknownArea, EndedArea, ValidationError: as `accounts.services.add_staff`.
    """
    one_administrator_at_a_time()
    # One that has ended counts: nobody becomes the first once more by taking all others' roles.
    if Grant.objects.ever().filter(role=Role.ADMINISTRATOR).exists():
        raise Forbidden(_("There is an administrator already. Say with --by who does this."))
    account = accounts.add_staff(
        username=username, password=password, role=Role.ADMINISTRATOR, area=area, at=at
    )
    detail = {"account": account.pk, "role": Role.ADMINISTRATOR.value, "is_first": True}
    by = Administrator(account, ground)
    by.record(ActKind.STAFF_GRANTED, detail, areas=[area], at=at)
    if phone:
        set_phone(by=by, account=account, phone=phone, at=at)
    return account


def add_staff(*, by: Administrator, grant: StaffGrant, at: datetime) -> ChangedAccount | Proposal:
    """Give an account a role, or return the proposal that waits for a second person.

    If there is no account of this name, the act makes it. `by` can then see the link with which its
    owner chooses the password; see `show_invitation`.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of this area.
        InvalidInput, UnknownArea, EndedArea, PeopleAndMachines: as `accounts.services.add_staff`.
    """
    plan = StaffGrantPlan(grant)
    return do_or_propose(plan=plan, account=by.account, ground=by.ground, at=at)


@transaction.atomic
def take_back(*, by: Administrator, grant: Grant, at: datetime) -> None:
    """Take one role from an account. Its rights end with the next request that somebody makes.

    One administrator does this alone, because it gives nobody power. Tokens and sessions of the
    account stay, without this right. A source whose role is given again can report nothing until
    somebody says anew what it may report.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of the area of the role.
        RoleEnded: the account does not have the role any more.
        LastAdministrator: the area would have no administrator without an end date any more.
    """
    by.require(grant.area)
    if grant.role == Role.ADMINISTRATOR:
        refuse_last_administrator(grant.account, at=at, area=grant.area)
    if not grants.take_back(grant=grant, at=at):
        raise RoleEnded
    SourceGrant.objects.filter(grant=grant).delete()
    detail = {"account": grant.account_id, "role": grant.role}
    by.record(ActKind.ROLE_TAKEN_BACK, detail, areas=[grant.area], at=at)


@transaction.atomic
def set_phone(*, by: Administrator, account: Account, phone: str, at: datetime) -> None:
    """Store the telephone at which somebody of the staff is told of alarms.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
        InvalidInput: this is not a phone number.
    """
    areas = areas_of_account(account)
    for area in areas:
        by.require(area)
    accounts.set_staff_phone(account=account, phone=phone)
    by.record(ActKind.STAFF_PHONE_CHANGED, {"account": account.pk}, areas=areas, at=at)


def reset_password(
    *, by: Administrator, account: Account, at: datetime
) -> ChangedAccount | Proposal:
    """End an account's password, or return the proposal that waits for a second person.

    Its owner chooses a new one with the link that `by` can then see; see `show_invitation`.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
        NoPassword: the account is no person's.
        OwnPassword: it is the account of `by`.
    """
    plan = PasswordResetPlan(account.pk)
    return do_or_propose(plan=plan, account=by.account, ground=by.ground, at=at)


def show_invitation(*, to: Account, account: Account, at: datetime) -> str:
    """Return the link with which an account's owner chooses the password. It is shown once.

    Raises:
        NotFound: as `accounts.invitations.show_token`.
    """
    return invitations.link_of(invitations.show_token(account=account, to=to, at=at))


@transaction.atomic
def set_open(*, by: Administrator, account: Account, is_open: bool, at: datetime) -> None:
    """Close an account or open it again. Its password, sessions, tokens and offers end for good.

    Whoever comes back chooses a new password; see `reset_password`.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
        LastAdministrator: an area would have no administrator any more.
    """
    areas = areas_of_account(account)
    for area in areas:
        by.require(area)
    if not is_open:
        refuse_last_administrator(account, at=at)
    accounts.set_open(account=account, is_open=is_open)
    invitations.take_password(account=account, at=at)
    hands.end_offers_of(account)
    kind = ActKind.ACCOUNT_REOPENED if is_open else ActKind.ACCOUNT_CLOSED
    by.record(kind, {"account": account.pk}, areas=areas, at=at)


@transaction.atomic
def issue_token(
    *, by: Administrator, account: Account, label: str, expires_at: datetime, at: datetime
) -> str:
    """Issue a token to a machine's account, and return it. It is not stored.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
        OwnTokensOnly: the account is no machine's.
        InvalidInput: the label is too long or unreadable.
    """
    areas = areas_of_account(account)
    for area in areas:
        by.require(area)
    label = one_line(label, "/label")
    if len(label) > LONGEST_LABEL:
        raise invalid("/label", _("This is too long. Give a shorter one."))
    if not account.grants.ever().filter(role__in=OF_MACHINES).exists():
        raise OwnTokensOnly
    token = accounts.issue_token(account=account, label=label, expires_at=expires_at)
    detail = {"account": account.pk, "expires_at": expires_at.isoformat()}
    by.record(ActKind.TOKEN_ISSUED, detail, areas=areas, at=at)
    return token


def end_of_token(days: int, *, at: datetime) -> datetime:
    """Return when a token ends that lasts for so many days. Raises InvalidInput."""
    if not 1 <= days <= MOST_DAYS_OF_TOKEN:
        raise invalid("/days", _("A token lasts for 1 to 366 days."))
    return at + timedelta(days=days)


@transaction.atomic
def revoke_token(*, by: Administrator, token: Token, at: datetime) -> None:
    """End one token of an account.

    Raises:
        Forbidden, OutsideYourArea: `by` is not an administrator of all areas of the account.
    """
    areas = areas_of_account(token.account)
    for area in areas:
        by.require(area)
    detail = {"account": token.account_id, "expires_at": token.expires_at.isoformat()}
    accounts.revoke_token(token=token, kind=AccountEventKind.OFFICE_ENDED, at=at)
    by.record(ActKind.TOKEN_REVOKED, detail, areas=areas, at=at)

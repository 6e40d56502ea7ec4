"""Change the telephone with which an account logs in.

Whoever changes it has the new telephone, and shows this by a code that was sent to it. They also
have the old one, or know what only the holder knows, or an officer has seen their document.
docs/decisions/0054-telephones-change.md gives the reasons.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import devices, limits, logins, masks, phones, sign_ins, step_up, vault
from accounts.admission import violated
from accounts.errors import (
    WrongCode,
    invalid,
)
from accounts.event_models import AccountEventKind
from accounts.holder_errors import (
    PhoneInUse,
    PhoneJustChanged,
)
from accounts.limits import Limit
from accounts.models import MOVED, Account, Identity, KnownDevice, Role, Token
from accounts.services import let_go_of_holder
from accounts.telephones.codes import TypedCode, use_codes
from accounts.telephones.telling import tell_after_commit
from accounts.vault import Field

CHANGES: Final = Limit("phone-changes", 10, timedelta(days=1))
"""How often an account, or an officer for each person, may have codes sent for a change."""


@dataclass(frozen=True, slots=True)
class BegunChange:
    """The logins for which codes were sent to the new and to the old telephone.

    `old` is None if the old one is lost, or belongs to somebody else by now.
    """

    new: logins.Started
    old: logins.Started | None


@dataclass(frozen=True, slots=True)
class Here:
    """What stays logged in when everything else of the account ends: this device and token."""

    device: KnownDevice | None = None
    token: Token | None = None


def begin_change(
    *,
    account: Account,
    phone: str,
    at: datetime,
    has_old: bool = True,
    here: Here = Here(),
    address: str = "",
    device_tokens: list[str] | None = None,
) -> BegunChange:
    """Send a code to the new telephone, and one to the old one if the holder has it.

    Nobody learns here whether the new number has an account.

    Args:
        phone: the new number as typed.
        has_old: the holder has the old telephone at hand. Otherwise the account must have proven
            itself on the device `here` a moment ago.
        device_tokens: what the client keeps from earlier logins.

    Raises:
        InvalidInput: this is not a phone number, or it is the account's own.
        StepUpNeeded: the account must prove itself.
        PhoneJustChanged: there is no old telephone any more.
        Refusal: as `logins.start_login`.
        TooMany: the account has asked for too many changes today.
    """
    number = phones.normalise(phone)
    phones.require_served(number)
    if vault.index("phone", number) == _index_of(account):
        raise invalid("/phone", _("You already log in with this number. Enter the new one."))
    if not has_old:
        step_up.require_recent(account=account, device=here.device, at=at)
    limits.take([(CHANGES, f"account {account.pk}")], at=at)
    # The old one first: it may have got a code a moment ago, and then nothing is sent to either.
    to_old = _leave(account, at, address, device_tokens) if has_old else None
    to_new = prove_phone(asked_by=account, phone=number, at=at, address=address)
    return BegunChange(new=to_new, old=to_old)


def _leave(
    account: Account, at: datetime, address: str, device_tokens: list[str] | None
) -> logins.Started:
    text = _(
        "%(code)s is the code with which your health code moves from this phone number to another "
        "one. It is valid for %(minutes)d minutes. If you did not ask for this, tell it to nobody."
    )
    return logins.start_login(
        phone=number_of(account),
        at=at,
        address=address,
        device_tokens=device_tokens,
        other_use=logins.OtherUse(account, text),
    )


def prove_phone(
    *, asked_by: Account, phone: str, at: datetime, address: str = ""
) -> logins.Started:
    """Send a code to a number that is to become the one of a health code.

    Args:
        asked_by: the account that can use the code: the holder's, or the officer's at a desk.

    Raises:
        Refusal: as `logins.start_login`.
    """
    text = _(
        "%(code)s is the code with which a health code moves to this phone number. It is valid for "
        "%(minutes)d minutes. Enter it only if you want this, or tell it to the officer at your "
        "desk."
    )
    return logins.start_login(
        phone=phone, at=at, address=address, other_use=logins.OtherUse(asked_by, text)
    )


def change_phone(
    *,
    account: Account,
    new: TypedCode,
    old: TypedCode | None,
    here: Here,
    at: datetime,
    address: str = "",
) -> None:
    """Let the account log in with another telephone, which its holder has.

    Everything else that is logged in with the account ends, and the old telephone is told.

    Args:
        new: the new number, and the code that was sent to it.
        old: the code that was sent to the old number; its `phone` is not read. None: the holder
            has only the new one, and has proven the account on the device `here` a moment ago.

    Raises:
        InvalidInput: a number or a code is wrong. The error points at `/phone`, `/otp` or
            `/old_otp`.
        CodeVoid, TooMany: too many codes were tried.
        StepUpNeeded: the account must prove itself.
        PhoneInUse: people are registered with the new number.
        PhoneJustChanged: the account's telephone was changed since this change began.
    """
    if old is None:
        step_up.require_recent(account=account, device=here.device, at=at)
    else:
        old = TypedCode(number_of(account), old.otp, old.login)
    require_right(new, old, asked_by=account, at=at, address=address)
    move(
        account=account,
        phone=new.phone,
        here=here,
        at=at,
        unless_changed=True,
        told=_(
            "The phone number of your health code is now one that ends in %(end)s. Nobody logs in "
            "with this number any more. If it was not you, go to a service desk with your "
            "identity document; call 12345 to ask where."
        ),
    )


def number_of(account: Account) -> str:
    """Return the number with which an account logs in, in E.164.

    Raises:
        PhoneJustChanged: it has none any more.
    """
    if account.phone_index is None or account.phone_sealed is None:
        raise PhoneJustChanged
    return vault.unseal(account.phone_sealed, field=Field.ACCOUNT_PHONE, row=account.phone_index)


def require_right(
    new: TypedCode,
    old: TypedCode | None = None,
    *,
    asked_by: Account,
    at: datetime,
    address: str = "",
) -> None:
    """Use the codes that were sent to the new telephone, and to the old one if it is asked.

    Raises:
        InvalidInput, CodeVoid, TooMany: as `change_phone`. Then no code is used.
    """
    typed = {"/otp": new} if old is None else {"/otp": new, "/old_otp": old}
    found = use_codes(list(typed.values()), asked_by=asked_by, at=at, address=address)
    wrong = [pointer for pointer, why in zip(typed, found, strict=True) if why is not None]
    for refusal in found:
        if refusal is not None and not isinstance(refusal, WrongCode):
            raise refusal
    if wrong:
        sentence = _("This code is wrong or has expired. Please check it, or begin again.")
        raise invalid(wrong[0], sentence)


def move(
    *,
    account: Account,
    phone: str,
    told: str,
    here: Here,
    at: datetime,
    unless_changed: bool = False,
    also: Callable[[], None] | None = None,
) -> None:
    """Give an account another telephone, whose holder has shown that they have it.

    Args:
        phone: the new number as typed.
        told: the message to the old telephone; `%(end)s` is the end of the new number.
        here: what stays logged in.
        unless_changed: refuse it if the account has not the number any more that `account` says.
        also: what is done in the same transaction, after the change.

    Raises:
        PhoneInUse: people are registered with the new number, or it is that of staff.
        PhoneJustChanged: the account has another number by now, or none.
    """
    number = phones.normalise(phone)
    try:
        with transaction.atomic():
            _move(account, number, told, here, at, unless_changed)
            if also is not None:
                also()
    except IntegrityError as error:
        if violated(error) != _ONE_ACCOUNT_A_PHONE:
            raise
        # Somebody logged in with it, or moved to it, at this instant; so the account is found now.
        move(
            account=account,
            phone=phone,
            told=told,
            here=here,
            at=at,
            unless_changed=unless_changed,
            also=also,
        )
    account.refresh_from_db()


_ONE_ACCOUNT_A_PHONE: Final = "accounts_account_phone_index_key"


def _move(
    known: Account, number: str, told: str, here: Here, at: datetime, unless_changed: bool
) -> None:
    index = vault.index("phone", number)
    locked = {row.pk: row for row in _locked(known.pk, index)}
    account = locked.pop(known.pk)
    before = _index_of(account)
    if unless_changed and before != _index_of(known):
        raise PhoneJustChanged
    if before == index:
        return
    for other in locked.values():
        _give_up(other)
    if before is not None:
        text = told % {"end": masks.phone(number)[-2:]}
        tell_after_commit(phone=number_of(account), text=text)
    account.phone_index = index
    account.phone_sealed = vault.seal(number, field=Field.ACCOUNT_PHONE, row=index)
    if (account.username or "").startswith(MOVED):
        account.username = None
    account.save(update_fields=["username", "phone_index", "phone_sealed"])
    _follow(account, before, index, number)
    devices.end_other_devices(account=account, keep=here.device, token=here.token, at=at)
    sign_ins.note(account=account, kind=AccountEventKind.PHONE_CHANGED, at=at)


def _index_of(account: Account) -> bytes | None:
    return None if account.phone_index is None else bytes(account.phone_index)


def _locked(account_id: int, index: bytes) -> list[Account]:
    """Return the account and the one that has the number, locked.

    By number: two accounts that change to each other's telephone must not wait for each other.
    """
    known = Account.objects.filter(pk=account_id) | Account.objects.filter(phone_index=index)
    return list(known.select_for_update().order_by("pk"))


def _give_up(other: Account) -> None:
    """Take the number from an account that nobody uses for anything.

    Raises:
        PhoneInUse: somebody is registered with it, it is that of staff, or it was closed.
    """
    roles = set(other.grants.ever().values_list("role", flat=True))
    if other.guardianships.exists() or roles - {Role.RESIDENT} or not other.is_active:
        raise PhoneInUse
    let_go_of_holder(account=other)


def _follow(account: Account, before: bytes | None, index: bytes, number: str) -> None:
    """Let the people of the account that had its old number have the new one."""
    if before is None:
        return
    people = Identity.objects.filter(person__guardianships__account=account, phone_index=before)
    for who in people.select_for_update(of=["self"]).order_by("pk"):
        who.phone_index = index
        who.phone_sealed = vault.seal(number, field=Field.PHONE, row=bytes(who.number_index))
        who.save(update_fields=["phone_index", "phone_sealed"])

"""Logins of residents: a code is sent, and whoever began the login enters it.

Strangers know telephone numbers. So what a stranger does wrong never counts against the holder:
tries belong to the login for which the code was sent, and a known device has its own allowance
(docs/decisions/0052). A code proves only the telephone, so a new device is asked for a document,
too (docs/decisions/0053).
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import budget, client, devices, limits, phones, sign_ins, sms, step_up, vault
from accounts.authentication import digest
from accounts.errors import AccountClosed, CodeVoid, SendingFailed, StepUpOver, WrongCode, invalid
from accounts.event_models import AccountEventKind
from accounts.limits import Limit
from accounts.login_models import OneTimeCode, StartedLogin, StepUp
from accounts.models import (
    Account,
    DeviceKind,
    KnownDevice,
)
from accounts.services import (
    RESIDENT_TOKEN_LIFE,
    issue_token,
    let_go_of_telephone,
    resident_account,
)
from healthcode.web import texts
from healthcode.web.errors import Refusal

CODE_LIFE: Final = timedelta(minutes=5)
SHARED_LIFE: Final = timedelta(days=1)
DIGITS: Final = 6
SHARED_DIGITS: Final = 12
TRIES: Final = 5
_CODE: Final = re.compile(f"[0-9]{{{DIGITS}}}|[0-9]{{{SHARED_DIGITS}}}")

RESEND: Final = Limit("login-again", 1, timedelta(seconds=60))
# A known device asks for itself. All others share what their phone may be sent: ordinary codes, and
# then one shared code, which is sent again only in case that the message got lost.
PER_DEVICE: Final = Limit("login-device", 10, timedelta(days=1))
PER_PHONE: Final = Limit("login-phone", 10, timedelta(days=1))
SHARED: Final = Limit("login-shared", 1, timedelta(hours=3))
# Behind the gateway of a carrier or a hospital, many phones share one address.
PER_ADDRESS: Final = Limit("login-address", settings.OTP_PER_ADDRESS_HOURLY, timedelta(hours=1))
TRIES_PER_ADDRESS: Final = Limit(
    "login-tries", TRIES * settings.OTP_PER_ADDRESS_HOURLY, timedelta(hours=1)
)


@dataclass(frozen=True, slots=True)
class Started:
    """A login for which a code was sent: `login` is known only to whoever began it."""

    login: str
    digits: int


@dataclass(frozen=True, slots=True)
class OtherUse:
    """What a code is for if nobody logs in with it.

    Attributes:
        asked_by: the account that asks for the code; only this account can use it.
        text: of the message, with `%(code)s` and `%(minutes)d`.
    """

    asked_by: Account
    text: str


@dataclass(frozen=True, slots=True)
class OpenedLogin:
    """A token for the interface, and the token of the device if it is new."""

    token: str
    expires_at: datetime
    device: str | None


def start_login(
    *,
    phone: str,
    at: datetime,
    address: str = "",
    device_tokens: list[str] | None = None,
    other_use: OtherUse | None = None,
) -> Started:
    """Begin a login: send a code, in the same way to known and unknown phones.

    If the ordinary codes of the day are used up, the code has twelve digits and every login of the
    phone may use it for a day. Then this function sends nothing while that code is valid.

    Args:
        phone: the number as typed, see `phones.normalise`.
        address: the client's IP address. "" if the call does not come from the network.
        device_tokens: what the client keeps from earlier logins.
        other_use: what the code is for, if not for a login.

    Raises:
        InvalidInput: this is not a phone number.
        PhoneNotServed: no codes are sent to numbers of this country.
        NoMoreCodes: the budget of messages is used up, and the device is not known.
        TooMany: too many codes were sent for this address, or this caller asked a moment ago.
        SendingFailed: the SMS service did not accept the message.
    """
    number = phones.normalise(phone)
    phones.require_served(number)
    index, network = vault.index("phone", number), client.network(address)
    known = devices.known_device(device_tokens or [], phone_index=index, at=at)
    login = secrets.token_urlsafe(32)
    with transaction.atomic():
        limits.take(_limits_of_asking(number, network, known), at=at)
        code, typed = _code_to_send(number, index, known, at)
        if code is not None:
            budget.spend(is_known=known is not None, at=at)
        StartedLogin.objects.create(
            digest=digest(login),
            phone_index=index,
            network=vault.index("network", network),
            code=None if code is None or code.shared else code,
            device=known,
            asked_by=other_use.asked_by if other_use else None,
            started_at=at,
            expires_at=at + CODE_LIFE,
        )
    if code is not None:
        _send(number, code, typed, other_use)
    is_shared = code is None or code.shared
    return Started(login, SHARED_DIGITS if is_shared else DIGITS)


def verify_code(
    *, phone: str, otp: str, at: datetime, login: str = "", address: str = ""
) -> tuple[Account, KnownDevice | None]:
    """Return the account of this phone, and its known device, if `otp` is the code of this login.

    The function makes the account at the first login.

    Args:
        login: what `start_login` returned. Without it, the newest login of this phone that began at
            the same address counts.

    Raises:
        InvalidInput: the phone number has a wrong form, or the code has not six or twelve digits.
            These mistakes do not count as tries.
        WrongCode: the code is wrong, used or expired, or there is no such login.
        CodeVoid: five wrong codes were entered for this login.
        TooMany: there were too many tries from this address.
        AccountClosed: the account is closed.
        StepUpNeeded: the code is right, but the device is not known, and the account looks after
            somebody.
    """
    number, typed = phones.normalise(phone), texts.number(otp)
    if not _CODE.fullmatch(typed):
        raise invalid("/otp", _("Please enter all digits of the code that we sent."))
    started = login_of(vault.index("phone", number), login, client.network(address))
    if address and (started is None or started.device is None):
        limits.take([(TRIES_PER_ADDRESS, client.network(address))], at=at)
    # The refusal is raised after the transaction, because the counted try must be committed.
    with transaction.atomic():
        refusal = _try_code(started, number, typed, at)
        if refusal is not None and started is not None:
            _note_failure(started, refusal, at)
    if refusal is not None:
        raise refusal
    account = resident_account(phone=number)
    if not account.is_active:
        raise AccountClosed
    known = started.device if started else None
    if known is None:
        step_up.require_at_login(account=account, at=at)
    return account, known


def log_in(
    *,
    phone: str,
    otp: str,
    at: datetime,
    login: str = "",
    address: str = "",
    kind: DeviceKind = DeviceKind.PROGRAM,
) -> OpenedLogin:
    """Return a bearer token for the resident with this phone, and a token for a new device.

    Raises:
        Refusal: as `verify_code`.
    """
    account, known = verify_code(phone=phone, otp=otp, login=login, address=address, at=at)
    return _opened(account, known, kind, at)


def finish_login(
    *, step_up_text: str, document_last4: str, kind: DeviceKind, at: datetime
) -> OpenedLogin:
    """Return what `log_in` returns to whoever knows the document, too.

    Whoever was logged in on a known device gets a further token for it, and the earlier ones go on.

    Raises:
        Refusal: as `step_up.answer`.
    """
    proven = step_up.answer(step_up=step_up_text, document_last4=document_last4, at=at)
    if proven.device is not None:
        return _with_token(proven.account, proven.device, None, at)
    return _opened(proven.account, None, kind, at, proved_at=at)


def begin_anew(*, step_up_text: str, kind: DeviceKind, at: datetime) -> OpenedLogin:
    """Return what `log_in` returns, for a new account: see `not_me`.

    Raises:
        Refusal: as `not_me`.
    """
    return _opened(not_me(step_up_text=step_up_text, at=at), None, kind, at)


@transaction.atomic
def not_me(*, step_up_text: str, at: datetime) -> Account:
    """Make a new account for whoever has the telephone now, and return it.

    The account before keeps everything but the telephone: its people, its devices and whoever is
    logged in with them.

    Raises:
        StepUpOver: the login was finished, it is too late, or nobody logs in with this text.
        AccountClosed: the account is closed.
    """
    asked = step_up.open_question(step_up_text, at=at, lock=True)
    before, index = asked.account, asked.phone_index
    if index is None or before.phone_sealed is None:
        raise StepUpOver
    number = vault.unseal(before.phone_sealed, field=vault.Field.ACCOUNT_PHONE, row=index)
    let_go_of_telephone(account=before)
    sign_ins.note(account=before, kind=AccountEventKind.PHONE_CHANGED, at=at)
    StepUp.objects.filter(account=before, phone_index=index).delete()
    return resident_account(phone=number)


def _opened(
    account: Account,
    known: KnownDevice | None,
    kind: DeviceKind,
    at: datetime,
    *,
    proved_at: datetime | None = None,
) -> OpenedLogin:
    with transaction.atomic():
        device, its_token = devices.remember(
            account=account, device=known, kind=kind, at=at, proved_at=proved_at
        )
        return _with_token(account, device, its_token, at)


def _with_token(
    account: Account, device: KnownDevice, its_token: str | None, at: datetime
) -> OpenedLogin:
    expires_at = at + RESIDENT_TOKEN_LIFE
    token = issue_token(account=account, label="login", device=device, expires_at=expires_at)
    return OpenedLogin(token, expires_at, its_token)


def _limits_of_asking(
    number: str, network: str, known: KnownDevice | None
) -> list[tuple[Limit, str]]:
    if known is not None:
        return [(RESEND, f"device {known.pk}")]
    again = (RESEND, f"{number}\n{network}")
    return [again, (PER_ADDRESS, network)] if network else [again]


def _code_to_send(
    number: str, index: bytes, known: KnownDevice | None, at: datetime
) -> tuple[OneTimeCode | None, str]:
    """Make the code that is sent now, and return it with its digits; None if nothing is sent."""
    if known is not None and limits.take_if_left(PER_DEVICE, str(known.pk), at=at):
        return _new_code(number, index, at, shared=False)
    if limits.take_if_left(PER_PHONE, number, at=at):
        return _new_code(number, index, at, shared=False)
    if limits.take_if_left(SHARED, number, at=at):
        return _new_code(number, index, at, shared=True)
    return None, ""


def _new_code(number: str, index: bytes, at: datetime, *, shared: bool) -> tuple[OneTimeCode, str]:
    digits = SHARED_DIGITS if shared else DIGITS
    typed = f"{secrets.randbelow(10**digits):0{digits}d}"
    code = OneTimeCode.objects.create(
        phone_index=index,
        code_hash=vault.index("otp", number, typed),
        sent_at=at,
        expires_at=at + (SHARED_LIFE if shared else CODE_LIFE),
        shared=shared,
    )
    return code, typed


def _send(number: str, code: OneTimeCode, typed: str, other_use: OtherUse | None) -> None:
    if code.shared:
        text = _(
            "Many login codes were requested for your phone, perhaps by somebody else. For one day "
            "only this code logs you in to the health code: %(code)s. Keep it, and do not share it."
        ) % {"code": " ".join(typed[start : start + 4] for start in range(0, SHARED_DIGITS, 4))}
    else:
        for_login = _(
            "Your login code for the health code: %(code)s. It is valid for %(minutes)d minutes. "
            "Do not share this code."
        )
        text = (other_use.text if other_use else for_login) % {
            "code": typed,
            "minutes": CODE_LIFE // timedelta(minutes=1),
        }
    try:
        sms.sender().send(phone=number, text=text)
    except SendingFailed:
        if code.shared:  # Otherwise nobody could get one for hours.
            code.delete()
            limits.forgive(SHARED, number)
        raise


def login_of(
    index: bytes, login: str, network: str, asked_by: Account | None = None
) -> StartedLogin | None:
    """Return the login with this secret text, or without one the newest of phone and address.

    `asked_by` is the account that asked for a code for another use (`OtherUse`), None for logins.
    """
    logins = StartedLogin.objects.select_related("device")
    logins = logins.filter(phone_index=index, asked_by=asked_by)
    if login:
        return logins.filter(digest=digest(login)).first() if login.isascii() else None
    return logins.filter(network=vault.index("network", network)).order_by("-id").first()


def _try_code(
    started: StartedLogin | None, number: str, typed: str, at: datetime
) -> Refusal | None:
    found = right_code(started, number, typed, at)
    if isinstance(found, Refusal):
        return found
    use_code(found, number, at)
    return None


def right_code(
    started: StartedLogin | None, number: str, typed: str, at: datetime
) -> OneTimeCode | Refusal:
    """Return the login's code, not used yet, if this is it; otherwise count a failed try."""
    if started is None:
        return WrongCode()
    login = StartedLogin.objects.select_for_update().filter(pk=started.pk).first()
    if login is None or login.expires_at <= at:
        return WrongCode()
    if login.tries >= TRIES:
        wait = login.started_at + RESEND.within - at
        return CodeVoid(retry_after=max(1, round(wait.total_seconds())))
    code = _code_of(login, at)
    if code is None or not compare_digest(bytes(code.code_hash), vault.index("otp", number, typed)):
        login.tries += 1
        login.save(update_fields=["tries"])
        return WrongCode()
    return code


def use_code(code: OneTimeCode, number: str, at: datetime) -> None:
    """Note that a code was used, so that nobody uses it again. It is locked."""
    code.used_at = at
    code.save(update_fields=["used_at"])
    if code.shared:
        limits.forgive(SHARED, number)


def _note_failure(started: StartedLogin, refusal: Refusal, at: datetime) -> None:
    is_void = isinstance(refusal, CodeVoid)
    kind = AccountEventKind.HELD_OFF if is_void else AccountEventKind.WRONG_CODE
    sign_ins.note_failure(kind=kind, phone_index=bytes(started.phone_index), at=at)


def _code_of(login: StartedLogin, at: datetime) -> OneTimeCode | None:
    """Return the login's code, locked, if somebody may still use it."""
    codes = OneTimeCode.objects.select_for_update().filter(used_at=None, expires_at__gt=at)
    if login.code_id is not None:
        return codes.filter(pk=login.code_id).first()
    newest = codes.filter(phone_index=login.phone_index, shared=True).order_by("-id")
    return newest.first()

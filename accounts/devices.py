"""Devices that an account has logged in with before.

A stranger who knows only a telephone number or a name has none of their tokens. So what strangers
do cannot use up the allowance of a known device.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from accounts import sign_ins
from accounts.authentication import digest
from accounts.event_models import AccountEventKind
from accounts.login_models import StepUp
from accounts.models import Account, DeviceKind, KnownDevice, Token
from healthcode.web.errors import NotFound

SILENCE: Final = timedelta(days=60)
"""After so long without a login, a device is no longer known."""

COOKIE: Final = "devices"
COOKIE_LIFE: Final = timedelta(days=400)
MOST: Final = 5
"""How many accounts can share a browser. Each has a token of its own: a token that somebody put
into another person's browser never becomes that person's.
"""
_BETWEEN: Final = "."


def known_device(
    tokens: Sequence[str], *, at: datetime, phone_index: bytes | None = None, username: str = ""
) -> KnownDevice | None:
    """Return the device with one of these tokens that the account has logged in with, or None."""
    digests = [digest(token) for token in tokens[:MOST] if token.isascii()]
    if not digests:
        return None
    of_account = {"phone_index": phone_index} if phone_index else {"username": username}
    return KnownDevice.objects.filter(
        digest__in=digests,
        last_login__gt=at - SILENCE,
        **{f"account__{name}": value for name, value in of_account.items()},
    ).first()


def remember(
    *,
    account: Account,
    device: KnownDevice | None,
    kind: DeviceKind,
    at: datetime,
    session: str = "",
    proved_at: datetime | None = None,
) -> tuple[KnownDevice, str | None]:
    """Note a login with a device. Return it, and its token if it is new.

    Args:
        device: the known device, which keeps its token and what was proven with it.
        session: the key of the browser's session.
        proved_at: when the account proved itself with a new device, see accounts/step_up.py.
    """
    sign_ins.note(account=account, kind=AccountEventKind.LOGGED_IN, at=at, device=kind)
    if device is not None:
        Session.objects.filter(session_key=device.session).exclude(session_key=session).delete()
        device.kind, device.session, device.last_login = kind, session, at
        if KnownDevice.objects.filter(pk=device.pk).update(
            kind=kind, session=session, last_login=at
        ):
            return device, None
    if account.phone_index is not None and not account.guardianships.exists():
        # Nobody is asked for a document here. So whoever had the telephone before could wait,
        # logged in, until somebody is registered.
        _end(account, devices_of(account), at)
    token = secrets.token_urlsafe(32)
    made = KnownDevice.objects.create(
        account=account,
        digest=digest(token),
        kind=kind,
        session=session,
        since=at,
        last_login=at,
        proved_at=proved_at,
    )
    return made, token


def here(request: HttpRequest | Request) -> KnownDevice | None:
    """Return the device from which the caller's account sent this request, if it has one."""
    if isinstance(request, Request):
        return request.auth.device if isinstance(request.auth, Token) else None
    session = request.session.session_key
    if not session or not isinstance(request.user, Account):
        return None
    return KnownDevice.objects.filter(account=request.user, session=session).first()


@transaction.atomic
def end_device(*, account: Account, device_id: int, at: datetime) -> None:
    """Log a device out at once; it is a new device from then on.

    Raises:
        NotFound: the account has no such device.
    """
    device = KnownDevice.objects.filter(account=account, pk=device_id).first()
    if device is None:
        raise NotFound(_("This device is not logged in with your account."))
    _end(account, [device], at)


@transaction.atomic
def end_other_devices(
    *, account: Account, keep: KnownDevice | None, token: Token | None, at: datetime
) -> None:
    """Log the account out everywhere but on the device, and with the token, that asks for it."""
    kept = keep.pk if keep else 0
    forget_other_devices(account=account, keep=keep, at=at)
    mine = Q(device=kept) if token is None else Q(device=kept) | Q(pk=token.pk)
    Token.objects.filter(account=account).exclude(mine).delete()
    # What was asked where no device is known; the answer would make a new token.
    StepUp.objects.filter(account=account, device=None, phone_index=None).delete()
    if not account.password or not account.has_usable_password():  # a resident
        # Sessions contain a hash of this field, so those that began before a device had a row end.
        account.set_unusable_password()
        account.save(update_fields=["password"])


@transaction.atomic
def forget_other_devices(*, account: Account, keep: KnownDevice | None, at: datetime) -> None:
    """Log all other devices out, and know them no more. Tokens without a device stay."""
    kept = keep.pk if keep else 0
    _end(account, list(KnownDevice.objects.filter(account=account).exclude(pk=kept)), at)


def move_session(*, device: KnownDevice, session: str) -> None:
    """Note that the session of a device has another key now."""
    KnownDevice.objects.filter(pk=device.pk).update(session=session)


def _end(account: Account, ended: list[KnownDevice], at: datetime) -> None:
    for row in ended:
        kind = DeviceKind(row.kind) if row.kind else None
        sign_ins.note(account=account, kind=AccountEventKind.DEVICE_ENDED, at=at, device=kind)
    Session.objects.filter(session_key__in=[row.session for row in ended if row.session]).delete()
    KnownDevice.objects.filter(pk__in=[row.pk for row in ended]).delete()


def devices_of(account: Account) -> list[KnownDevice]:
    """Return the account's devices, those used last first."""
    return list(KnownDevice.objects.filter(account=account).order_by("-last_login", "-id"))


def kind_of(request: HttpRequest) -> DeviceKind:
    """Return what a browser says about itself, as roughly as a person would say it."""
    said = request.META.get("HTTP_USER_AGENT", "")
    if "Mozilla/" not in said:
        return DeviceKind.PROGRAM
    is_phone = any(word in said for word in ("Mobile", "Android", "iPhone"))
    return DeviceKind.PHONE if is_phone else DeviceKind.COMPUTER


def forget_silent_devices(*, at: datetime) -> int:
    """Delete the devices that are no longer known."""
    return KnownDevice.objects.filter(last_login__lte=at - SILENCE).delete()[0]


def tokens_of(request: HttpRequest) -> list[str]:
    """Return the tokens that this browser holds, the newest first."""
    return [token for token in request.COOKIES.get(COOKIE, "").split(_BETWEEN) if token][:MOST]


def hand_over(response: HttpResponse, request: HttpRequest, token: str | None) -> None:
    """Give the browser the token of a new device."""
    if token is None:
        return
    response.set_cookie(
        COOKIE,
        _BETWEEN.join([token, *tokens_of(request)][:MOST]),
        max_age=COOKIE_LIFE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )

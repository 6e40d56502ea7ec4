"""Devices that an account has logged in with before.

A stranger who knows only a telephone number or a name has none of their tokens. So what strangers
do cannot use up the allowance of a known device.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.authentication import digest
from accounts.models import Account, KnownDevice

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


def remember(*, account: Account, device: KnownDevice | None, at: datetime) -> str | None:
    """Note a login with a device. Return the token of a new one; a known one keeps its own."""
    if device is not None and KnownDevice.objects.filter(pk=device.pk).update(last_login=at):
        return None
    token = secrets.token_urlsafe(32)
    KnownDevice.objects.create(account=account, digest=digest(token), since=at, last_login=at)
    return token


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

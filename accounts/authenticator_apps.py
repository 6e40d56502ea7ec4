"""Authenticator apps: codes of six digits that change every 30 seconds (TOTP, RFC 6238)."""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import limits, second_factor, sign_ins, vault
from accounts.errors import invalid
from accounts.event_models import AccountEventKind
from accounts.factor_errors import AppKnown, WrongAppCode
from accounts.limits import Limit
from accounts.models import Account, KnownDevice
from accounts.second_factor_models import AuthenticatorApp
from healthcode.web import texts
from healthcode.web.errors import TooMany

SECONDS: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
"""The length of a key of HMAC-SHA-1, which RFC 4226 recommends. All apps know SHA-1."""
_STEPS: Final = (-1, 0, 1)
"""A code counts one step longer and earlier, because the clock of a phone is rarely exact."""

# Whoever tries codes knows the password. A known device has been logged in with a second factor.
PER_DEVICE: Final = Limit("app-code-device", 5, timedelta(minutes=15))
OF_STRANGERS: Final = Limit("app-code", 5, timedelta(minutes=15))
OF_STRANGERS_DAILY: Final = Limit("app-code-daily", 20, timedelta(days=1))


def new_secret() -> str:
    """Return a new secret in base32, as people type it into an app."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def address_of(secret: str, *, account: Account) -> str:
    """Return the address (otpauth:) that an app reads from a picture."""
    return _totp(secret).get_provisioning_uri(account.username or "", str(settings.ISSUER))


def register(
    *,
    account: Account,
    secret: str,
    code: str,
    at: datetime,
    here: KnownDevice | None = None,
) -> AuthenticatorApp:
    """Store the app of the account, once its holder has shown a code of it.

    Args:
        here: the device on which the holder stays logged in, see `second_factor.note_added`.

    Raises:
        InvalidInput: the code is not one of this secret.
        AppKnown: the account has an app. Remove that one first.
    """
    step = _step_of(code, secret=secret, after=0, at=at)
    if step is None:
        raise invalid("/code", _("This is not the code that the app shows now. Please try again."))
    app = AuthenticatorApp(account=account, last_step=step, added_at=at)
    app.sealed = vault.seal(secret, field=vault.Field.APP_SECRET, row=app.bound_to)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        if AuthenticatorApp.objects.filter(account=account).exists():
            raise AppKnown
        app.save(force_insert=True)
        second_factor.note_added(account=account, here=here, at=at)
    return app


def prove(*, account: Account, code: str, device: KnownDevice | None, at: datetime) -> None:
    """Check a code of the account's app. The same code does not count again.

    Args:
        device: the known device of this login, which has tries of its own.

    Raises:
        WrongAppCode: this is not the code of the app, or it was used before.
        TooMany: there were too many tries after the right password.
    """
    allowed = _limits_for(account, device)
    try:
        limits.take(allowed, at=at)
        _use_up(account, code, at)
    except (TooMany, WrongAppCode) as refusal:
        is_held_off = isinstance(refusal, TooMany)
        kind = AccountEventKind.HELD_OFF if is_held_off else AccountEventKind.FACTOR_FAILED
        sign_ins.note(account=account, kind=kind, at=at)
        raise
    limits.forgive(*allowed[0])


def _limits_for(account: Account, device: KnownDevice | None) -> list[tuple[Limit, str]]:
    if device is not None:
        return [(PER_DEVICE, str(device.pk))]
    return [(limit, str(account.pk)) for limit in (OF_STRANGERS, OF_STRANGERS_DAILY)]


@transaction.atomic
def _use_up(account: Account, code: str, at: datetime) -> None:
    """Remember that this code was used. Raises WrongAppCode if it is none."""
    app = AuthenticatorApp.objects.select_for_update().filter(account=account).first()
    if app is None:
        raise WrongAppCode
    secret = vault.unseal(app.sealed, field=vault.Field.APP_SECRET, row=app.bound_to)
    step = _step_of(code, secret=secret, after=app.last_step, at=at)
    if step is None:
        raise WrongAppCode
    app.last_step, app.last_used = step, at
    app.save(update_fields=["last_step", "last_used"])


def _step_of(code: str, *, secret: str, after: int, at: datetime) -> int | None:
    """Return the time step whose code this is, if it is later than `after`."""
    typed = texts.half_width(code).replace(" ", "").encode(errors="replace")
    totp, now = _totp(secret), int(at.timestamp()) // SECONDS
    right = [
        now + away
        for away in _STEPS
        if hmac.compare_digest(totp.generate((now + away) * SECONDS), typed)
    ]
    return next((step for step in right if step > after), None)


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), SECONDS)  # noqa: S303 - RFC 6238 demands it

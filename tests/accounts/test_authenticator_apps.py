"""Authenticator apps: codes of RFC 6238, each accepted once, with few tries."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts import authenticator_apps as apps
from accounts import devices, resealing, vault
from accounts.factor_errors import AppKnown, WrongAppCode
from accounts.models import Account, DeviceKind, Role
from accounts.second_factor_models import AuthenticatorApp
from accounts.services import add_staff
from healthcode.web.errors import InvalidInput, TooMany
from tests.accounts.totp import code_of

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
SECRET = base64.b32encode(b"12345678901234567890").decode()
"""The secret of the test vectors in RFC 6238, appendix B."""
STEP = timedelta(seconds=30)


@pytest.fixture
def wang(areas: None) -> Account:
    return add_staff(
        username="wang", password=None, role=Role.OFFICER, area="33", at=timezone.now()
    )


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_are_those_of_the_rfc(wang: Account, seconds: int, code: str) -> None:
    """The last six of its eight digits. Without leading zeros a code is wrong."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_of(SECRET, at) == code
    with pytest.raises(InvalidInput):
        apps.register(account=wang, secret=SECRET, code=code.lstrip("02"), at=at)
    apps.register(account=wang, secret=SECRET, code=f" {code[:3]} {code[3:]}", at=at)
    assert AuthenticatorApp.objects.get().last_step == seconds // 30


def test_a_code_works_once_and_one_step_around(wang: Account) -> None:
    apps.register(account=wang, secret=SECRET, code=code_of(SECRET, AT), at=AT)
    with pytest.raises(WrongAppCode):
        apps.prove(account=wang, code=code_of(SECRET, AT), device=None, at=AT)
    slow, quick = code_of(SECRET, AT + 2 * STEP), code_of(SECRET, AT + 4 * STEP)
    apps.prove(account=wang, code=slow, device=None, at=AT + 3 * STEP)
    apps.prove(account=wang, code=quick, device=None, at=AT + 3 * STEP)
    assert AuthenticatorApp.objects.get().last_used == AT + 3 * STEP
    for code in (slow, quick, code_of(SECRET, AT + 3 * STEP)):
        with pytest.raises(WrongAppCode):
            apps.prove(account=wang, code=code, device=None, at=AT + 3 * STEP)
    far = code_of(SECRET, AT + 9 * STEP)
    with pytest.raises(WrongAppCode):
        apps.prove(account=wang, code=far, device=None, at=AT + 7 * STEP)


def test_the_secret_is_sealed_and_sealed_anew_with_a_new_key(
    wang: Account, settings: object
) -> None:
    apps.register(account=wang, secret=SECRET, code=code_of(SECRET, AT), at=AT)
    assert SECRET.encode() not in bytes(AuthenticatorApp.objects.get().sealed)
    before = settings.VAULT_KEYS  # type: ignore[attr-defined]
    fresh = base64.b64encode(b"k" * vault.KEY_BYTES).decode()
    settings.VAULT_KEYS = f"new:{fresh},{before}"  # type: ignore[attr-defined]
    assert sum(resealing.reseal(batch=10)) == 1
    settings.VAULT_KEYS = f"new:{fresh}"  # type: ignore[attr-defined]
    later = AT + STEP
    apps.prove(account=wang, code=code_of(SECRET, later), device=None, at=later)


def test_an_account_has_one_app(wang: Account) -> None:
    apps.register(account=wang, secret=SECRET, code=code_of(SECRET, AT), at=AT)
    other = apps.new_secret()
    with pytest.raises(AppKnown):
        apps.register(account=wang, secret=other, code=code_of(other, AT), at=AT)


def test_whoever_has_the_password_has_few_tries_and_locks_no_known_device_out(
    wang: Account,
) -> None:
    apps.register(account=wang, secret=SECRET, code=code_of(SECRET, AT), at=AT)
    device, _token = devices.remember(
        account=wang, device=None, kind=DeviceKind.COMPUTER, at=AT, session=""
    )
    tried, at = 0, AT + STEP
    for minute in range(24 * 60):
        try:
            apps.prove(account=wang, code="x", device=None, at=at + timedelta(minutes=minute))
        except WrongAppCode:
            tried += 1
        except TooMany:
            continue
    assert tried == apps.OF_STRANGERS_DAILY.most
    now = at + timedelta(minutes=24 * 60 - 1)
    apps.prove(account=wang, code=code_of(SECRET, now), device=device, at=now)


def test_a_known_device_has_five_tries_in_a_quarter(wang: Account) -> None:
    apps.register(account=wang, secret=SECRET, code=code_of(SECRET, AT), at=AT)
    device, _token = devices.remember(
        account=wang, device=None, kind=DeviceKind.COMPUTER, at=AT, session=""
    )
    for _try in range(apps.PER_DEVICE.most):
        with pytest.raises(WrongAppCode):
            apps.prove(account=wang, code="000000x", device=device, at=AT)
    with pytest.raises(TooMany):
        apps.prove(account=wang, code=code_of(SECRET, AT + STEP), device=device, at=AT)

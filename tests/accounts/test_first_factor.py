"""The first second factor: nobody sets one up beside a blocked one, and it ends what was before."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, KnownDevice, Role
from accounts.second_factor_models import Passkey
from accounts.services import issue_token
from tests.accounts.authenticator import SoftAuthenticator
from tests.accounts.test_second_factor import (
    FIRST,
    OWN,
    RIGHT,
    SHOW,
    enter,
    make,
    options_on,
    secret_on,
    set_up_passkey,
    show_passkey,
)
from tests.accounts.totp import code_of


def browser() -> Client:
    client = Client()
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def page(areas: None) -> Client:
    return browser()


def block(page: Client, key: SoftAuthenticator) -> None:
    """Log in with a copy of the account's only passkey that has counted less."""
    page.post("/staff/login", RIGHT)
    key.count = 0
    assert show_passkey(page, key).status_code == 401
    assert Passkey.objects.get().blocked_at is not None


def test_whoever_blocked_the_only_passkey_sets_up_no_other(page: Client) -> None:
    make(Role.OFFICER)
    key = SoftAuthenticator()
    enter(page, key)
    thief = browser()
    block(thief, key)
    shown = thief.get(SHOW)
    assert shown.status_code == 200
    assert "Ask your administrator to have your password set anew" in shown.content.decode()
    assert thief.get(FIRST).headers["Location"] == SHOW
    sent = {"step": "passkey", "credential": "{}"}
    assert thief.post(FIRST, sent).headers["Location"] == SHOW
    assert thief.get("/officer").status_code == 302
    assert Passkey.objects.count() == 1


def test_a_blocked_passkey_does_not_make_the_password_enough(page: Client) -> None:
    make(Role.VENUE_MANAGER)
    key = SoftAuthenticator()
    page.post("/staff/login", RIGHT)
    set_up_passkey(page, key)
    thief = browser()
    block(thief, key)
    assert thief.post("/staff/login", RIGHT).headers["Location"] == SHOW
    assert thief.get("/venues").status_code == 302


def test_a_session_whose_passkey_is_blocked_adds_no_other(page: Client) -> None:
    make(Role.OFFICER)
    key = SoftAuthenticator()
    enter(page, key)
    block(browser(), key)
    session = page.session
    session["staff_proved"] -= 600
    session.save()
    assert page.get(FIRST).headers["Location"] == SHOW
    asked = page.post(OWN, {"step": "app"})
    assert asked.headers["Location"].startswith(SHOW)
    assert "blocked" in page.get(asked.headers["Location"]).content.decode()


def test_the_first_factor_ends_the_logins_with_a_password_alone(page: Client) -> None:
    """Each known device has tries of its own, so none may be left of before."""
    account = make(Role.VENUE_MANAGER)
    thief = browser()
    thief.post("/staff/login", RIGHT)
    assert thief.get("/venues").status_code == 200
    page.post("/staff/login", RIGHT)
    set_up_passkey(page, SoftAuthenticator())
    assert page.get("/venues").status_code == 200
    assert thief.get("/venues").status_code == 302
    assert known_of(account) == [page.session.session_key]
    assert set_up_passkey(page, SoftAuthenticator(), OWN).headers["Location"] == OWN
    assert known_of(account) == [page.session.session_key]


def test_the_first_factor_of_a_login_ends_them_too(page: Client) -> None:
    account = make(Role.VENUE_MANAGER)
    page.post("/staff/login", RIGHT)
    before = bytes(KnownDevice.objects.get().digest)
    page.post("/logout")
    make(Role.OFFICER)
    page.post("/staff/login", RIGHT)
    secret = secret_on(page.get(FIRST))
    code = code_of(secret, timezone.now())
    assert page.post(FIRST, {"step": "app", "code": code}).headers["Location"] == "/officer"
    assert known_of(account) == [page.session.session_key]
    assert bytes(KnownDevice.objects.get().digest) != before
    assert options_on(page.get(OWN))


def known_of(account: Account) -> list[str]:
    return list(KnownDevice.objects.filter(account=account).values_list("session", flat=True))


def test_the_first_factor_ends_no_token(page: Client) -> None:
    """Only a session that has shown a factor makes tokens."""
    account = make(Role.OFFICER)
    token = issue_token(account=account, label="", expires_at=timezone.now() + timedelta(hours=1))
    enter(page, SoftAuthenticator())
    program = Client(headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/v1/auth/sign-ins").status_code == 200

"""The pages of second factors: nobody is an officer by a password alone."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import second_factor
from accounts.invitations import take_password
from accounts.models import Account, Role, Token
from accounts.permissions import TURNED_AWAY
from accounts.second_factor import NEED_SECOND_FACTOR
from accounts.second_factor_models import AuthenticatorApp, Passkey
from accounts.services import add_staff
from tests.accounts.authenticator import SoftAuthenticator
from tests.accounts.totp import code_of
from tests.test_invariants import ROUTES, address

PASSWORD = "correct horse battery"
RIGHT = {"username": "wang", "password": PASSWORD}
SHOW, FIRST, OWN = "/staff/second-factor", "/staff/second-factor/first", "/staff/second-factors"


def make(role: Role, name: str = "wang") -> Account:
    return add_staff(username=name, password=PASSWORD, role=role, area="33", at=timezone.now())


@pytest.fixture
def page(areas: None) -> Client:
    """A browser that reads English."""
    client = Client()
    client.cookies["language"] = "en"
    return client


def options_on(answer: HttpResponse) -> dict[str, Any]:
    pattern = r'<script id="passkey-options" type="application/json">(.*?)</script>'
    [found] = re.findall(pattern, answer.content.decode())
    read: dict[str, Any] = json.loads(found)
    return read


def secret_on(answer: HttpResponse) -> str:
    [found] = re.findall(r'<code class="token">([A-Z2-7 ]+)</code>', answer.content.decode())
    return found


def set_up_passkey(page: Client, key: SoftAuthenticator, path: str = FIRST) -> HttpResponse:
    sent = key.make(options_on(page.get(path)))
    return page.post(path, {"step": "passkey", "credential": sent, "name": "blue key"})


def show_passkey(page: Client, key: SoftAuthenticator, **more: str) -> HttpResponse:
    sent = key.show(options_on(page.get(SHOW)))
    return page.post(SHOW, {"step": "passkey", "credential": sent, **more})


def enter(page: Client, key: SoftAuthenticator) -> None:
    """Log in with password and passkey; the first time, set it up."""
    page.post("/staff/login", RIGHT)
    is_new = not Passkey.objects.filter(account__username="wang").exists()
    done = set_up_passkey(page, key) if is_new else show_passkey(page, key)
    assert done.headers["Location"] == "/officer"


def test_an_officer_sets_up_a_passkey_and_logs_in_with_it(page: Client) -> None:
    make(Role.OFFICER)
    key = SoftAuthenticator()
    asked = page.post("/staff/login", {**RIGHT, "next": "/officer/map"})
    assert asked.headers["Location"] == SHOW
    assert page.get(SHOW).headers["Location"].startswith(FIRST)
    assert page.get("/officer").headers["Location"].startswith("/staff/login?next=")
    assert set_up_passkey(page, key).headers["Location"] == "/officer/map"
    assert page.get("/officer").status_code == 200
    page.post("/logout")
    assert page.get("/officer").status_code == 302
    page.post("/staff/login", RIGHT)
    assert page.get(FIRST).headers["Location"] == SHOW
    assert show_passkey(page, key).headers["Location"] == "/officer"
    assert page.get("/officer").status_code == 200


def test_an_app_is_the_fallback(page: Client) -> None:
    make(Role.OFFICER)
    page.post("/staff/login", RIGHT)
    shown = page.get(FIRST)
    assert 'src="data:image/svg+xml;base64,' in shown.content.decode()
    secret = secret_on(shown)
    assert secret_on(page.get(FIRST)) == secret
    wrong = page.post(FIRST, {"step": "app", "code": "nonsense"})
    assert wrong.status_code == 422
    assert "not the code that the app shows" in wrong.content.decode()
    now = timezone.now()
    done = page.post(FIRST, {"step": "app", "code": code_of(secret, now)})
    assert done.headers["Location"] == "/officer"
    page.post("/logout")
    page.post("/staff/login", RIGHT)
    AuthenticatorApp.objects.update(last_step=0)
    assert page.post(SHOW, {"step": "app", "code": "000000x"}).status_code == 401
    assert page.get("/officer").status_code == 302
    code = code_of(secret, timezone.now())
    assert page.post(SHOW, {"step": "app", "code": code}).headers["Location"] == "/officer"


@pytest.mark.parametrize("role", sorted(NEED_SECOND_FACTOR))
def test_a_password_alone_opens_no_page(page: Client, role: Role) -> None:
    """Every page behind a role, also of residents, sends a pending login to the login."""
    make(role)
    page.post("/staff/login", RIGHT)
    assert page.get(FIRST).status_code == 200
    behind = [name for name, view in views().items() if TURNED_AWAY in vars(view)]
    assert len(behind) > 30
    for name in behind:
        for method in (page.get, page.post):
            answer = method(address(ROUTES[name]))
            assert answer.status_code in {302, 405}, name
            assert "login?next=" in answer.headers.get("Location", "login?next="), name


def views() -> dict[str, Any]:
    from django.urls import get_resolver

    found = {}
    for entry in _patterns(get_resolver().url_patterns):
        found[entry.name] = entry.callback
    return found


def _patterns(entries: Any) -> Any:
    for entry in entries:
        yield from _patterns(entry.url_patterns) if hasattr(entry, "url_patterns") else [entry]


def test_a_pending_login_ends_after_ten_minutes_and_with_the_password(page: Client) -> None:
    account = make(Role.OFFICER)
    for end in ("time", "password"):
        page.post("/staff/login", RIGHT)
        assert page.get(FIRST).status_code == 200
        if end == "time":
            session = page.session
            pending = session["staff_pending"]
            session["staff_pending"] = {**pending, "at": pending["at"] - 600}
            session.save()
        else:
            take_password(account=account, at=timezone.now())
        assert page.get(FIRST).headers["Location"] == "/staff/login"
        assert page.get(SHOW).headers["Location"] == "/staff/login"


def test_nothing_of_the_pending_login_is_left_in_the_session(page: Client) -> None:
    make(Role.OFFICER)
    page.post("/staff/login", RIGHT)
    before = page.session.session_key
    set_up_passkey(page, SoftAuthenticator())
    assert page.session.session_key != before
    assert "staff_pending" not in page.session


def test_strangers_are_sent_to_the_login(page: Client, resident: Account) -> None:
    for path in (SHOW, FIRST):
        assert page.get(path).headers["Location"] == "/staff/login"
        assert page.post(path, {"step": "app"}).headers["Location"] == "/staff/login"
    page.force_login(resident)
    assert page.get(SHOW).headers["Location"] == "/staff/login"


def test_the_passkey_of_another_officer_is_a_sentence(page: Client) -> None:
    make(Role.OFFICER)
    make(Role.OFFICER, "li")
    mine, others = SoftAuthenticator(), SoftAuthenticator()
    elsewhere = Client()
    elsewhere.post("/staff/login", {**RIGHT, "username": "li"})
    set_up_passkey(elsewhere, others)
    enter(page, mine)
    page.post("/logout")
    page.post("/staff/login", RIGHT)
    answer = show_passkey(page, others)
    assert answer.status_code == 409
    assert "belongs to another account" in answer.content.decode()
    assert page.get("/officer").status_code == 302


def test_a_cloned_passkey_is_a_sentence_and_stands_in_the_list(page: Client) -> None:
    make(Role.OFFICER)
    key = SoftAuthenticator()
    enter(page, key)
    secret = secret_on(page.get(OWN))
    page.post(OWN, {"step": "app", "code": code_of(secret, timezone.now())})
    page.post("/logout")
    page.post("/staff/login", RIGHT)
    key.count = 0
    answer = show_passkey(page, key)
    assert answer.status_code == 401
    assert "somebody may have copied it" in answer.content.decode()
    assert "passkey-options" not in page.get(SHOW).content.decode()
    AuthenticatorApp.objects.update(last_step=0)
    page.post(SHOW, {"step": "app", "code": code_of(secret, timezone.now())})
    assert "Blocked since" in page.get(OWN).content.decode()


def test_adding_and_removing_needs_a_fresh_proof(page: Client) -> None:
    make(Role.OFFICER)
    key = SoftAuthenticator()
    enter(page, key)
    session = page.session
    session["staff_proved"] -= int(second_factor.FRESH.total_seconds())
    session.save()
    stale = page.get(OWN).content.decode()
    assert "first show that it is you" in stale
    assert "passkey-options" not in stale
    own = Passkey.objects.get().pk
    for step in ("passkey", "app", "remove-app", "remove-passkey"):
        sent = page.post(OWN, {"step": step, "passkey": own})
        assert sent.headers["Location"] == f"{SHOW}?next=%2Fstaff%2Fsecond-factors"
    assert show_passkey(page, key, next=OWN).headers["Location"] == OWN
    assert set_up_passkey(page, SoftAuthenticator(), OWN).headers["Location"] == OWN
    assert Passkey.objects.count() == 2
    assert page.post(OWN, {"step": "remove-passkey", "passkey": own}).status_code == 302
    last = Passkey.objects.get().pk
    refused = page.post(OWN, {"step": "remove-passkey", "passkey": last})
    assert refused.status_code == 409
    assert "add another one first" in refused.content.decode()
    assert page.post(OWN, {"step": "remove-passkey", "passkey": own}).status_code == 404
    assert page.post(OWN, {"step": "remove-app"}).status_code == 404
    assert page.post(OWN, {"step": "dance"}).status_code == 422


def test_a_venue_manager_may_have_a_factor_and_needs_one_for_a_token(page: Client) -> None:
    make(Role.VENUE_MANAGER)
    assert page.post("/staff/login", RIGHT).headers["Location"] == "/venues"
    asked = page.post("/staff/token")
    assert asked.headers["Location"] == f"{SHOW}?next=%2Fstaff%2Ftoken"
    assert not Token.objects.exists()
    first = page.get(asked.headers["Location"]).headers["Location"]
    assert first == f"{FIRST}?next=%2Fstaff%2Ftoken"
    key = SoftAuthenticator()
    sent = key.make(options_on(page.get(first)))
    form = {"step": "passkey", "credential": sent, "next": "/staff/token"}
    assert page.post(FIRST, form).headers["Location"] == "/staff/token"
    assert page.post("/staff/token").status_code == 200
    token = Token.objects.get()
    assert token.expires_at - timezone.now() <= timedelta(hours=12)
    page.post("/logout")
    assert page.post("/staff/login", RIGHT).headers["Location"] == SHOW
    assert page.get("/venues").status_code == 302
    show_passkey(page, key)
    removed = page.post(OWN, {"step": "remove-passkey", "passkey": Passkey.objects.get().pk})
    assert removed.status_code == 302


def test_a_new_password_needs_a_new_factor(page: Client) -> None:
    account = make(Role.OFFICER)
    enter(page, SoftAuthenticator())
    secret = secret_on(page.get(OWN))
    page.post(OWN, {"step": "app", "code": code_of(secret, timezone.now())})
    take_password(account=account, at=timezone.now())
    assert not second_factor.factors_of(account).has_any
    assert page.get("/officer").status_code == 302


def test_residents_address_leads_to_that_of_staff(page: Client) -> None:
    there = page.get("/staff/login?next=/officer", headers={"host": "127.0.0.1:8000"})
    assert there.headers["Location"] == "http://localhost:8000/staff/login?next=/officer"
    assert page.get("/staff/login", headers={"host": "localhost:8000"}).status_code == 200

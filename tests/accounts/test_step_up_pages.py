"""What a person and a program see of a step-up: at a login, and before what is final."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import devices, services, step_up
from accounts.login_models import StepUp
from accounts.models import Account, DeviceKind, KnownDevice, Person
from tests.accounts.conftest import LastCode, api_client
from tests.accounts.people import LI, PHONE, WANG
from tests.accounts.proving import prove, proves_itself
from tests.accounts.test_pages import assert_readable

pytestmark = pytest.mark.django_db

WANGS = WANG["id_number"][-4:]
JSON: dict[str, Any] = {"content_type": "application/json"}
ASKED = "This is a new device"


@pytest.fixture
def holder(areas: None) -> Account:
    """The account of Wang, who is proven."""
    account, now = services.resident_account(phone=f"+86{PHONE}"), timezone.now()
    person = services.register_person(account=account, relation="self", phone=None, **WANG, at=now)
    prove(account, person, at=now)
    return account


def browser() -> Client:
    page = Client()
    page.cookies["language"] = "en"
    return page


def at_the_check(last_code: LastCode, goal: str = "") -> Client:
    """Return a new browser that has entered the right code."""
    page = browser()
    page.post("/login", {"phone": PHONE, "next": goal})
    assert page.post("/login/code", {"otp": last_code()})["Location"] == "/login/check"
    return page


def test_a_new_browser_is_asked_before_it_sees_anything(
    holder: Account, last_code: LastCode
) -> None:
    page = at_the_check(last_code, "/me/add")
    html = assert_readable(page.get("/login/check"))
    assert "your own identity document" in html
    assert "王" not in html
    for path in ("/me", "/me/devices", "/me/add"):
        assert page.get(path)["Location"].startswith("/login?next=")
    assert not KnownDevice.objects.exists()
    for typed, status in (("", 422), ("0000", 401)):
        answer = page.post("/login/check", {"document_last4": typed})
        assert answer.status_code == status
        assert_readable(answer)
    done = page.post("/login/check", {"document_last4": WANGS})
    assert done["Location"] == "/me/add"
    assert page.get("/me").status_code == 200
    assert KnownDevice.objects.get().account == holder
    assert page.get("/login/check")["Location"] == "/login"


def test_after_five_wrong_answers_the_page_leads_to_the_desk(
    holder: Account, last_code: LastCode
) -> None:
    page = at_the_check(last_code)
    tried = [page.post("/login/check", {"document_last4": "0000"}) for _try in range(6)]
    assert [answer.status_code for answer in tried] == [401] * 5 + [403]
    html = assert_readable(page.get("/login/check"))
    assert "Call 12345 to ask where" in html
    assert "document_last4" not in html
    assert page.post("/login/check", {"document_last4": WANGS}).status_code == 403
    known = browser()
    known.force_login(holder)
    proves_itself(holder, known)
    assert "Confirm that it is me" in assert_readable(known.get("/me"))
    assert known.post("/me/confirm")["Location"] == "/login/check"
    assert known.post("/login/check", {"document_last4": WANGS})["Location"] == "/me"
    assert "Confirm that it is me" not in known.get("/me").content.decode()
    assert page.post("/login/check", {"document_last4": "0000"}).status_code == 401
    page.post("/login/check", {"not_me": "1", "sure": "1"})
    assert "Nobody is registered" in page.get("/me").content.decode()


def test_who_has_got_the_number_begins_an_account_of_their_own(
    holder: Account, last_code: LastCode
) -> None:
    old = browser()
    old.force_login(holder)
    app = api_client(holder)
    page = at_the_check(last_code)
    assert page.post("/login/check", {"not_me": "1"}).status_code == 422
    assert page.post("/login/check", {"not_me": "1", "sure": "1"})["Location"] == "/me"
    assert "Nobody is registered" in page.get("/me").content.decode()
    new = Account.objects.get(phone_index__isnull=False)
    assert new != holder
    holder.refresh_from_db()
    assert (holder.phone_sealed, holder.is_active) == (None, True)
    mine = assert_readable(old.get("/me"))
    assert "王" in mine
    assert "somebody else has the phone number of this account" in mine
    assert app.get("/api/v1/people").status_code == 200
    page.post("/logout")
    later = browser()
    later.post("/login", {"phone": PHONE}, REMOTE_ADDR="198.18.0.1")
    assert later.post("/login/code", {"otp": last_code()})["Location"] == "/me"


def test_one_who_took_too_long_begins_again(holder: Account, last_code: LastCode) -> None:
    page = at_the_check(last_code)
    StepUp.objects.update(expires_at=timezone.now())
    assert page.post("/login/check", {"document_last4": WANGS})["Location"] == "/login"
    assert "ten minutes" in page.get("/login").content.decode()


def test_a_browser_whose_device_is_forgotten_goes_on_and_proves_itself(
    holder: Account,
) -> None:
    """A session that is used may outlive the sixty days after which a device is forgotten."""
    page = browser()
    page.force_login(holder)
    key = page.session.session_key or ""
    now = timezone.now()
    devices.remember(
        account=holder,
        device=None,
        kind=DeviceKind.PHONE,
        session=key,
        at=now - devices.SILENCE,
    )
    devices.forget_silent_devices(at=now)
    assert not KnownDevice.objects.exists()
    person = Person.objects.get()
    asked = page.get(f"/people/{person.pk}/data.json")
    assert asked["Location"] == "/login/check"
    html = assert_readable(page.get("/login/check"))
    assert ASKED not in html
    assert "This is not me" not in html
    done = page.post("/login/check", {"document_last4": WANGS})
    assert done["Location"] == f"/people/{person.pk}/data"
    assert devices.COOKIE in done.cookies
    assert page.get(f"/people/{person.pk}/data.json").status_code == 200
    [device] = KnownDevice.objects.all()
    assert (device.session, Session.objects.count()) == (key, 1)


def test_erasing_asks_again_and_keeps_what_was_chosen(holder: Account) -> None:
    page = browser()
    page.force_login(holder)
    person = Person.objects.get()
    path = f"/people/{person.pk}/data"
    assert page.post(path, {"sure": "on"})["Location"] == "/login/check"
    assert Person.objects.exists()
    goal = page.post("/login/check", {"document_last4": WANGS})["Location"]
    assert goal == f"{path}?sure=1#erase"
    assert 'name="sure" checked' in page.get(goal).content.decode()
    KnownDevice.objects.update(proved_at=timezone.now() - step_up.RECENT)
    assert page.post(path, {"sure": "on"})["Location"] == "/login/check"
    page.post("/login/check", {"document_last4": WANGS})
    assert page.post(path, {"sure": "on"}).status_code == 302
    assert not Person.objects.exists()


def log_in(last_code: LastCode) -> tuple[int, dict[str, Any]]:
    caller = Client(headers={"Accept-Language": "en"})
    sent = caller.post("/api/v1/auth/otp", {"phone": PHONE}, **JSON).json()
    body = {"phone": PHONE, "otp": last_code(), "login": sent["login"]}
    answer = caller.post("/api/v1/auth/login", body, **JSON)
    return answer.status_code, answer.json()


def bearer(opened: dict[str, Any]) -> Client:
    return Client(headers={"Authorization": f"Bearer {opened['token']}", "Accept-Language": "en"})


def test_a_program_answers_and_is_logged_in(holder: Account, last_code: LastCode) -> None:
    status, problem = log_in(last_code)
    assert (status, problem["type"]) == (403, "/problems/step-up-needed")
    assert problem["ask"] == "document_last4"
    assert problem["detail"].startswith(ASKED)
    assert "王" not in str(problem)
    body = {"step_up": problem["step_up"], "document_last4": "0000"}
    path = "/api/v1/auth/step-up"
    wrong = Client().post(path, body, **JSON)
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/wrong-document")
    assert Client().post(path, body | {"document_last4": "1"}, **JSON).status_code == 422
    body["document_last4"] = WANGS
    opened = Client().post(path, body, **JSON).json()
    assert opened["device"]
    app = bearer(opened)
    assert len(app.get("/api/v1/people").json()) == 1
    person = Person.objects.get().pk
    # It has just proven itself, so that nothing is asked again.
    assert app.get(f"/api/v1/people/{person}/export").status_code == 200
    assert Client().post(path, body, **JSON).json()["type"] == "/problems/step-up-over"


def test_a_program_is_asked_again_before_it_exports_and_erases(holder: Account) -> None:
    _device, token = devices.remember(
        account=holder, device=None, kind=DeviceKind.PROGRAM, at=timezone.now()
    )
    assert token
    app, person = api_client(holder), Person.objects.get().pk
    for method, path, body in (
        ("get", "export", None),
        ("post", "erasure", {"person": person}),
    ):
        send = getattr(app, method)
        problem = send(f"/api/v1/people/{person}/{path}", body, **JSON).json()
        assert problem["type"] == "/problems/step-up-needed"
        assert problem["detail"].startswith("Please confirm that it is you")
    refused = app.post("/api/v1/auth/not-me", {"step_up": problem["step_up"]}, **JSON)
    assert refused.json()["type"] == "/problems/step-up-over"
    answer = {"step_up": problem["step_up"], "document_last4": WANGS}
    # This token had no device, so that the answer makes one, with a token of its own.
    opened = app.post("/api/v1/auth/step-up", answer, **JSON).json()
    again = app.get(f"/api/v1/people/{person}/export")
    assert again.json()["type"] == "/problems/step-up-needed"
    path = f"/api/v1/people/{person}"
    assert bearer(opened).get(f"{path}/export").status_code == 200
    erased = bearer(opened).post(f"{path}/erasure", {"person": person}, **JSON)
    assert erased.status_code == 200


def test_a_program_with_a_device_goes_on_with_its_own_token(holder: Account) -> None:
    device, _token = devices.remember(
        account=holder, device=None, kind=DeviceKind.PROGRAM, at=timezone.now()
    )
    expires_at = timezone.now() + timedelta(days=1)
    token = services.issue_token(account=holder, label="", device=device, expires_at=expires_at)
    app, person = bearer({"token": token}), Person.objects.get().pk
    problem = app.get(f"/api/v1/people/{person}/export").json()
    answer = {"step_up": problem["step_up"], "document_last4": WANGS}
    assert app.post("/api/v1/auth/step-up", answer, **JSON).json()["device"] is None
    assert app.get(f"/api/v1/people/{person}/export").status_code == 200
    assert KnownDevice.objects.count() == 1


def test_a_program_says_that_it_is_not_me(holder: Account, last_code: LastCode) -> None:
    services.register_person(account=holder, relation="child", phone=None, **LI, at=timezone.now())
    _status, problem = log_in(last_code)
    body = {"step_up": problem["step_up"]}
    opened = Client().post("/api/v1/auth/not-me", body, **JSON).json()
    assert bearer(opened).get("/api/v1/people").json() == []
    assert Client().post("/api/v1/auth/not-me", body, **JSON).status_code == 410
    late = Client().post("/api/v1/auth/step-up", body | {"document_last4": WANGS}, **JSON)
    assert late.json()["type"] == "/problems/step-up-over"

"""The old telephone is gone: whoever is logged in proves the account, and shows the new one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import devices, services, step_up
from accounts.errors import StepUpNeeded
from accounts.models import Account, DeviceKind, KnownDevice
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import Here, begin_change, change_phone, number_of
from tests.accounts.people import WANG
from tests.accounts.telephones.conftest import NEW, OLD, Messages, code_in

pytestmark = pytest.mark.django_db

LAST4 = {"document_last4": WANG["id_number"][-4:]}
JSON: dict[str, Any] = {"content_type": "application/json"}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def holder(areas: None, now: datetime) -> Account:
    """The account of Wang, whom she has registered."""
    account = services.resident_account(phone=f"+86{OLD}")
    services.register_person(account=account, relation="self", phone=OLD, at=now, **WANG)
    return account


def device_of(account: Account, at: datetime, *, proved_at: datetime | None = None) -> KnownDevice:
    device, _token = devices.remember(
        account=account, device=None, kind=DeviceKind.PHONE, at=at, proved_at=proved_at
    )
    return device


def test_without_the_old_telephone_the_account_proves_itself(
    holder: Account, messages: Messages, now: datetime
) -> None:
    for device in (None, device_of(holder, now)):
        with pytest.raises(StepUpNeeded):
            begin_change(account=holder, phone=NEW, has_old=False, here=Here(device), at=now)
    assert messages(NEW) == []
    here = Here(device_of(holder, now, proved_at=now))
    begun = begin_change(account=holder, phone=NEW, has_old=False, here=here, at=now)
    assert begun.old is None
    assert messages(OLD) == []
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), begun.new.login)
    later = now + step_up.RECENT
    with pytest.raises(StepUpNeeded):
        change_phone(account=holder, new=new, old=None, here=here, at=later)
    change_phone(account=holder, new=new, old=None, here=here, at=now + timedelta(minutes=1))
    assert number_of(Account.objects.get(pk=holder.pk)) == "+86" + NEW


def test_an_account_whose_telephone_somebody_else_has_gets_a_new_one(
    holder: Account, messages: Messages, now: datetime
) -> None:
    here = Here(device_of(holder, now, proved_at=now))
    services.let_go_of_telephone(account=holder)
    stranger = services.resident_account(phone=f"+86{OLD}")
    begun = begin_change(account=holder, phone=NEW, has_old=False, here=here, at=now)
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), begun.new.login)
    change_phone(account=holder, new=new, old=None, here=here, at=now)
    holder.refresh_from_db()
    assert (number_of(holder), holder.username) == ("+86" + NEW, None)
    assert number_of(stranger) == "+86" + OLD
    assert KnownDevice.objects.filter(account=holder).count() == 1


def test_the_pages_ask_for_the_document(holder: Account, messages: Messages) -> None:
    page = Client()
    page.cookies["language"] = "en"
    page.post("/login", {"phone": OLD})
    page.post("/login/code", {"otp": code_in(messages(OLD)[-1])})
    page.post("/login/check", LAST4)
    KnownDevice.objects.update(proved_at=None)
    assert "I no longer have the old telephone" in page.get("/me/phone").content.decode()
    asked = page.post("/me/phone", {"lost": "1"})
    assert asked.headers["Location"] == "/login/check"
    assert page.post("/login/check", LAST4).headers["Location"] == "/me/phone?lost=1"
    html = page.get("/me/phone?lost=1").content.decode()
    assert "Instead of the old one" in html
    sent = page.post("/me/phone", {"lost": "1", "phone": NEW})
    assert sent.headers["Location"] == "/me/phone/codes"
    assert 'name="old_otp"' not in page.get("/me/phone/codes").content.decode()
    done = page.post("/me/phone/codes", {"otp": code_in(messages(NEW)[-1])}, follow=True)
    assert "You log in with the new number from now on" in done.content.decode()
    assert number_of(Account.objects.get(pk=holder.pk)) == "+86" + NEW


def test_the_interface_asks_for_the_document(holder: Account, messages: Messages) -> None:
    caller = Client()
    begun = caller.post("/api/v1/auth/otp", {"phone": OLD}, **JSON).json()
    login = {"phone": OLD, "otp": code_in(messages(OLD)[-1]), "login": begun["login"]}
    asked = caller.post("/api/v1/auth/login", login, **JSON).json()
    proof = {"step_up": asked["step_up"], **LAST4}
    token = caller.post("/api/v1/auth/step-up", proof, **JSON).json()["token"]
    KnownDevice.objects.update(proved_at=None)
    caller = Client(headers={"Authorization": f"Bearer {token}"})
    url, lost = "/api/v1/auth/phone", {"phone": NEW, "has_old": False}
    asked = caller.post(f"{url}/codes", lost, **JSON)
    assert asked.status_code == 403
    assert messages(NEW) == []
    proof["step_up"] = asked.json()["step_up"]
    assert caller.post("/api/v1/auth/step-up", proof, **JSON).status_code == 200
    begun = caller.post(f"{url}/codes", lost, **JSON).json()
    assert begun["old_login"] is None
    body = {"phone": NEW, "otp": code_in(messages(NEW)[-1]), "login": begun["login"]}
    assert caller.put(url, body, **JSON).status_code == 204
    assert caller.get("/api/v1/people").status_code == 200

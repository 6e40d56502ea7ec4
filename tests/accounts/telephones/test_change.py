"""The holder of an account changes its telephone with both telephones."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import logins, services
from accounts.errors import (
    CodeVoid,
    WrongCode,
)
from accounts.holder_errors import (
    PhoneInUse,
    PhoneJustChanged,
)
from accounts.models import Account, Identity, Role
from accounts.selectors import people_of
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import BegunChange, Here, begin_change, change_phone, number_of
from healthcode.web.errors import InvalidInput, TooMany
from tests.accounts.conftest import api_client
from tests.accounts.people import LI, SMITH, WANG
from tests.accounts.telephones.conftest import NEW, OLD, Messages, account_with, code_in

pytestmark = pytest.mark.django_db

THIRD = "13700137055"


@pytest.fixture
def now() -> datetime:
    """A moment more than a minute after the login of the fixture `resident`."""
    return timezone.now() + timedelta(minutes=2)


def confirm(
    account: Account, begun: BegunChange, messages: Messages, at: datetime, new: str = NEW
) -> None:
    """Enter the codes that both telephones received last."""
    old = number_of(account)
    change_phone(
        account=account,
        new=TypedCode(new, code_in(messages(new)[-1]), begun.new.login),
        old=TypedCode("", code_in(messages(old)[-1]), begun.old.login),
        here=Here(),
        at=at,
    )


def test_both_telephones_change_the_number(
    resident: Account, messages: Messages, now: datetime
) -> None:
    wang = services.register_person(account=resident, relation="self", phone=OLD, at=now, **WANG)
    child = services.register_person(account=resident, relation="child", phone=None, at=now, **LI)
    other = services.register_person(
        account=resident, relation="other", phone=THIRD, at=now, **SMITH
    )
    token = api_client(resident)
    begun = begin_change(account=resident, phone=NEW, at=now)
    assert "moves to this phone number" in messages(NEW)[-1]
    assert "tell it to nobody" in messages(OLD)[-1]
    confirm(resident, begun, messages, now)

    assert number_of(Account.objects.get(pk=resident.pk)) == "+86" + NEW
    shown = {person.id: person.phone for person in people_of(resident)}
    assert shown == {wang.pk: "*********89", child.pk: None, other.pk: "*********55"}
    assert token.get("/api/v1/people").status_code == 401
    assert services.resident_account(phone="+86" + NEW) == resident
    stranger = account_with(OLD, messages, now + timedelta(minutes=2))
    assert stranger != resident
    assert people_of(stranger) == []


def test_the_old_telephone_is_told(
    resident: Account,
    messages: Messages,
    now: datetime,
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    begun = begin_change(account=resident, phone=NEW, at=now)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        confirm(resident, begun, messages, now)
    assert "ends in 89" in messages(OLD)[-1]
    assert "call 12345" in messages(OLD)[-1]


def test_one_wrong_code_uses_up_neither(
    resident: Account, messages: Messages, now: datetime
) -> None:
    begun = begin_change(account=resident, phone=NEW, at=now)
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), begun.new.login)
    wrong = TypedCode("", "000000", begun.old.login)
    for _ in range(logins.TRIES):
        with pytest.raises(InvalidInput) as refused:
            change_phone(account=resident, new=new, old=wrong, here=Here(), at=now)
        assert [fault["pointer"] for fault in refused.value.members["errors"]] == ["/old_otp"]  # type: ignore[attr-defined]
    with pytest.raises(CodeVoid):
        confirm(resident, begun, messages, now)
    later = now + timedelta(minutes=2)
    confirm(resident, begin_change(account=resident, phone=NEW, at=later), messages, later)
    assert number_of(resident) == "+86" + NEW


def test_the_codes_log_nobody_in_and_login_codes_change_nothing(
    resident: Account, messages: Messages, now: datetime
) -> None:
    begun = begin_change(account=resident, phone=NEW, at=now)
    for phone, login in ((NEW, begun.new.login), (OLD, begun.old.login)):
        for named in (login, ""):
            with pytest.raises(WrongCode):
                logins.verify_code(
                    phone=phone, otp=code_in(messages(phone)[-1]), login=named, at=now
                )
    later = now + timedelta(minutes=2)
    started = logins.start_login(phone=NEW, at=later)
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), started.login)
    old = TypedCode("", code_in(messages(OLD)[-1]), begun.old.login)
    with pytest.raises(InvalidInput):
        change_phone(account=resident, new=new, old=old, here=Here(), at=later)


def test_codes_of_one_account_serve_no_other(
    resident: Account, messages: Messages, now: datetime
) -> None:
    thief = account_with(THIRD, messages, now)
    begun = begin_change(account=resident, phone=NEW, at=now)
    own = begin_change(account=thief, phone=NEW, at=now + timedelta(minutes=2))
    new = TypedCode(NEW, code_in(messages(NEW)[-2]), begun.new.login)
    old = TypedCode("", code_in(messages(THIRD)[-1]), own.old.login)
    with pytest.raises(InvalidInput):
        change_phone(account=thief, new=new, old=old, here=Here(), at=now + timedelta(minutes=2))


def test_an_account_of_nobody_gives_the_number_up(
    resident: Account, messages: Messages, now: datetime
) -> None:
    empty = account_with(NEW, messages, now)
    later = now + timedelta(minutes=2)
    confirm(resident, begin_change(account=resident, phone=NEW, at=later), messages, later)
    empty.refresh_from_db()
    assert (empty.is_active, empty.phone_index, empty.username) == (
        False,
        None,
        f"erased-{empty.pk}",
    )
    assert not empty.grants.ever().exists()


@pytest.mark.parametrize("how", ["people", "staff", "closed"])
def test_an_account_that_is_used_keeps_its_number(
    resident: Account, messages: Messages, now: datetime, how: str
) -> None:
    used = account_with(NEW, messages, now)
    if how == "people":
        services.register_person(account=used, relation=None, phone=None, at=now, **LI)
    elif how == "staff":
        used.grants.create(role=Role.OFFICER, area="33")
    else:
        services.set_open(account=used, is_open=False)
    later = now + timedelta(minutes=2)
    begun = begin_change(account=resident, phone=NEW, at=later)
    with pytest.raises(PhoneInUse):
        confirm(resident, begun, messages, later)
    assert number_of(Account.objects.get(pk=resident.pk)) == "+86" + OLD
    assert number_of(Account.objects.get(pk=used.pk)) == "+86" + NEW


def test_a_change_that_began_before_another_one_ends(
    resident: Account, messages: Messages, now: datetime
) -> None:
    begun = begin_change(account=resident, phone=NEW, at=now)
    before = Account.objects.get(pk=resident.pk)
    other = begin_change(account=resident, phone=THIRD, at=now + timedelta(minutes=2))
    old_code = code_in(messages(OLD)[-2])
    confirm(resident, other, messages, now + timedelta(minutes=2), new=THIRD)
    new = TypedCode(NEW, code_in(messages(NEW)[-1]), begun.new.login)
    with pytest.raises(PhoneJustChanged):
        change_phone(
            account=before,
            new=new,
            old=TypedCode("", old_code, begun.old.login),
            here=Here(),
            at=now + timedelta(minutes=2),
        )
    assert number_of(Account.objects.get(pk=resident.pk)) == "+86" + THIRD


def test_impossible_numbers_cost_nothing(
    resident: Account, messages: Messages, now: datetime
) -> None:
    sent = len(messages(OLD))
    for phone in ("12", "+1 202 555 0100", OLD):
        with pytest.raises(InvalidInput):
            begin_change(account=resident, phone=phone, at=now)
    assert len(messages(OLD)) == sent


def test_ten_changes_a_day_are_begun_at_most(resident: Account, now: datetime) -> None:
    for n in range(10):
        begin_change(account=resident, phone=f"139001391{n:02}", at=now + timedelta(minutes=2 * n))
    with pytest.raises(TooMany):
        begin_change(account=resident, phone=NEW, at=now + timedelta(hours=1))


def test_the_interface_changes_it(resident: Account, messages: Messages) -> None:
    caller, other = api_client(resident), api_client(resident)
    url = "/api/v1/auth/phone"
    sent = caller.post(f"{url}/codes", {"phone": NEW}, content_type="application/json")
    # The login of the fixture has just sent a code to the old telephone, from no address.
    assert sent.status_code == 202
    begun = sent.json()
    body = {
        "phone": NEW,
        "otp": code_in(messages(NEW)[-1]),
        "login": begun["login"],
        "old_otp": "000000",
        "old_login": begun["old_login"],
    }
    refused = caller.put(url, body, content_type="application/json")
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/old_otp"]
    body["old_otp"] = code_in(messages(OLD)[-1])
    assert caller.put(url, body, content_type="application/json").status_code == 204
    assert number_of(Account.objects.get(pk=resident.pk)) == "+86" + NEW
    assert caller.get("/api/v1/people").status_code == 200
    assert other.get("/api/v1/people").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_two_accounts_change_to_one_number_at_the_same_instant(
    resident: Account, messages: Messages, now: datetime
) -> None:
    second = account_with(THIRD, messages, now)
    for account, whom in ((resident, WANG), (second, LI)):
        services.register_person(account=account, relation=None, phone=None, at=now, **whom)
    changes = []
    for n, account in enumerate((resident, second)):
        at = now + timedelta(minutes=2 * n)
        begun = begin_change(account=account, phone=NEW, at=at)
        old = TypedCode("", code_in(messages(number_of(account))[-1]), begun.old.login)
        new = TypedCode(NEW, code_in(messages(NEW)[-1]), begun.new.login)
        changes.append((account, new, old, at))
    together = Barrier(2)

    def change(n: int) -> bool:
        account, new, old, at = changes[n]
        together.wait(10)
        try:
            change_phone(account=account, new=new, old=old, here=Here(), at=at)
        except PhoneInUse:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(change, range(2)))
    assert sorted(done) == [False, True]
    assert {number_of(one) for one in Account.objects.filter(pk__in=(resident.pk, second.pk))} == {
        "+86" + NEW,
        "+86" + (OLD if done[1] else THIRD),
    }


def test_the_pages_change_it_and_keep_this_browser(resident: Account, messages: Messages) -> None:
    services.register_person(
        account=resident, relation="self", phone=None, **WANG, at=timezone.now()
    )
    page, other = Client(), Client()
    for n, browser in enumerate((page, other)):
        browser.cookies["language"] = "en"
        sender = {"REMOTE_ADDR": f"198.18.0.{n}"}
        browser.post("/login", {"phone": OLD}, **sender)  # type: ignore[arg-type]
        browser.post("/login/code", {"otp": code_in(messages(OLD)[-1])}, **sender)  # type: ignore[arg-type]
        browser.post("/login/check", {"document_last4": WANG["id_number"][-4:]})
        assert browser.get("/me").status_code == 200
    assert "Change your phone number" in page.get("/me").content.decode()
    assert "*********00" in page.get("/me/phone").content.decode()
    wrong = page.post("/me/phone", {"phone": "12"})
    assert wrong.status_code == 422
    assert 'id="phone-fault"' in wrong.content.decode()
    assert page.get("/me/phone/codes").headers["Location"] == "/me/phone"
    assert page.post("/me/phone", {"phone": NEW}).headers["Location"] == "/me/phone/codes"
    assert NEW not in str(dict(page.session))
    otp = code_in(messages(NEW)[-1])
    wrong = page.post("/me/phone/codes", {"otp": otp, "old_otp": "000000"})
    assert 'id="old_otp-fault"' in wrong.content.decode()
    done = page.post(
        "/me/phone/codes", {"otp": otp, "old_otp": code_in(messages(OLD)[-1])}, follow=True
    )
    assert "You log in with the new number from now on" in done.content.decode()
    assert [browser.get("/me").status_code for browser in (page, other)] == [200, 302]
    assert "this one" in page.get("/me/devices").content.decode()
    assert Identity.objects.get().phone_index is None

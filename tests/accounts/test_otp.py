"""One-time codes: who gets in, who does not, and how often."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import client as caller
from accounts import limits, logins, services, sms
from accounts.errors import AccountClosed, CodeVoid, SendingFailed, WrongCode
from accounts.limits import Limit
from accounts.login_models import LimitEvent, OneTimeCode
from accounts.models import (
    Account,
    Token,
)
from healthcode.web.errors import InvalidInput, TooMany
from healthcode.web.keeping import Cadence, forget
from tests.accounts.conftest import LastCode
from tests.accounts.people import PHONE
from tests.owner import let_days_pass

pytestmark = [pytest.mark.clock, pytest.mark.django_db]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_code_lets_its_phone_in_and_the_same_account_again(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone="138 0013 8000", at=now)
    first, _known = logins.verify_code(phone="+86 13800138000", otp=last_code(), at=now)
    later = now + timedelta(minutes=2)
    logins.start_login(phone=PHONE, at=later)
    assert logins.verify_code(phone=PHONE, otp=last_code(), at=later) == (first, None)
    assert Account.objects.count() == 1


def test_a_code_works_once(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    code = last_code()
    logins.verify_code(phone=PHONE, otp=code, at=now)
    with pytest.raises(WrongCode):
        logins.verify_code(phone=PHONE, otp=code, at=now)


def test_a_code_may_be_typed_with_a_chinese_keyboard(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    wide = last_code().translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    logins.verify_code(phone=PHONE, otp=f" {wide} ", at=now)


def test_a_code_is_over_after_its_minutes(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    with pytest.raises(WrongCode):
        logins.verify_code(phone=PHONE, otp=last_code(), at=now + logins.CODE_LIFE)


def test_only_the_code_sent_last_counts(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    first = last_code()
    later = now + timedelta(seconds=61)
    logins.start_login(phone=PHONE, at=later)
    last = last_code()
    if first != last:
        with pytest.raises(WrongCode):
            logins.verify_code(phone=PHONE, otp=first, at=later)
    logins.verify_code(phone=PHONE, otp=last, at=later)
    with pytest.raises(WrongCode):
        logins.verify_code(phone=PHONE, otp=first, at=later)


def test_a_code_is_for_its_phone_only(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    with pytest.raises(WrongCode):
        logins.verify_code(phone="13900139000", otp=last_code(), at=now)


@pytest.mark.parametrize(
    "otp",
    [
        "",
        "12345",
        "1234567",
        "12345678901",
        "abcdef",
        "12345x",
        "١٢٣٤٥٦",
        "𝟏𝟐𝟑𝟒𝟓𝟔",
        "0" * 500,
        "\udfff",
    ],
)
def test_what_is_no_code_is_refused_and_costs_no_try(otp: str, last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    for _attempt in range(logins.TRIES + 1):
        with pytest.raises(InvalidInput) as refusal:
            logins.verify_code(phone=PHONE, otp=otp, at=now)
    assert refusal.value.members["errors"][0]["pointer"] == "/otp"  # type: ignore[index]
    logins.verify_code(phone=PHONE, otp=last_code(), at=now)


@pytest.mark.parametrize("spelt", ["{} {}", "{}-{}", "\ufeff{}\u3000{}\r\n", "\u202d{}{}\u202c"])
def test_a_code_may_be_spelt_in_two_parts(spelt: str, last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    code = last_code()
    logins.verify_code(phone=PHONE, otp=spelt.format(code[:3], code[3:]), at=now)


def test_after_five_wrong_attempts_even_the_right_code_is_void(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    code = last_code()
    for _attempt in range(5):
        with pytest.raises(WrongCode):
            logins.verify_code(phone=PHONE, otp=other_than(code), at=now)
    with pytest.raises(CodeVoid) as refusal:
        logins.verify_code(phone=PHONE, otp=code, at=now + timedelta(seconds=10))
    assert refusal.value.retry_after == 50


def test_the_interface_says_when_to_try_again(last_code: LastCode) -> None:
    client = Client(headers={"Accept-Language": "en"})

    sent, again = (
        client.post("/api/v1/auth/otp", {"phone": PHONE}, content_type="application/json")
        for _time in range(2)
    )
    assert sent.status_code == 202
    assert again.status_code == 429
    assert again.json()["type"] == "/problems/too-many-requests"
    assert 0 < int(again["Retry-After"]) <= 60
    wrong = {"phone": PHONE, "otp": other_than(last_code())}
    answers = [
        client.post("/api/v1/auth/login", wrong, content_type="application/json")
        for _attempt in range(6)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[0].json()["type"] == "/problems/wrong-code"
    assert answers[0]["WWW-Authenticate"] == "Bearer"
    assert int(answers[5]["Retry-After"]) > 0


def test_tries_from_one_address_are_limited_as_well(last_code: LastCode) -> None:
    body = {"phone": "13912340000", "otp": "000000"}
    most = logins.TRIES_PER_ADDRESS
    LimitEvent.objects.bulk_create(
        LimitEvent(subject=limits.subject_of(most, "127.0.0.1"), at=timezone.now())
        for _use in range(most.most - 1)
    )
    answers = [
        Client().post("/api/v1/auth/login", body, content_type="application/json") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [401, 429]
    assert int(answers[-1].headers["Retry-After"]) <= 3600


def test_known_and_unknown_phones_get_the_same_answer(resident: Account) -> None:
    LimitEvent.objects.all().delete()
    client = Client()
    answers = [
        client.post("/api/v1/auth/otp", {"phone": phone}, content_type="application/json")
        for phone in (PHONE, "13900139000")
    ]
    said = [answer.json() for answer in answers]
    assert [len(told.pop("login")) for told in said] == [43, 43]
    assert said == [{"digits": 6, "expires_in": 300, "resend_after": 60}] * 2
    assert {answer.status_code for answer in answers} == {202}


def test_many_phones_from_one_address_are_limited() -> None:
    now = timezone.now()
    most = logins.PER_ADDRESS.most
    LimitEvent.objects.bulk_create(
        LimitEvent(subject=limits.subject_of(logins.PER_ADDRESS, "198.51.100.7"), at=now)
        for _use in range(most - 1)
    )
    logins.start_login(phone="13900000001", address="198.51.100.7", at=now)
    with pytest.raises(TooMany):
        logins.start_login(phone="13900000002", address="198.51.100.7", at=now)
    logins.start_login(phone="13900000002", address="198.51.100.8", at=now)


def test_being_refused_does_not_make_the_wait_longer() -> None:
    now = timezone.now()
    limit = Limit("test", 2, timedelta(minutes=1))
    for second in (0, 10):
        limits.take([(limit, "x")], at=now + timedelta(seconds=second))
    for second in (20, 59):
        with pytest.raises(TooMany) as refusal:
            limits.take([(limit, "x")], at=now + timedelta(seconds=second))
        assert refusal.value.retry_after == 60 - second
    limits.take([(limit, "x")], at=now + timedelta(seconds=60))


def test_the_address_behind_a_proxy_is_what_the_proxy_wrote(settings: LazySettings) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.2.3.4, 198.51.100.7"})
    settings.BEHIND_PROXY = False
    assert caller.address(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True
    assert caller.address(request) == "198.51.100.7"


def test_a_closed_account_stays_out(resident: Account, last_code: LastCode) -> None:
    Account.objects.update(is_active=False)
    later = timezone.now() + timedelta(minutes=2)
    logins.start_login(phone=PHONE, at=later)
    with pytest.raises(AccountClosed):
        logins.verify_code(phone=PHONE, otp=last_code(), at=later)


def test_the_printing_sender_works_only_in_the_demo(settings: LazySettings) -> None:
    settings.DEMO = False
    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        sms.ConsoleSender()
    settings.SMS_SENDER = "accounts.sms.NoSuchSender"
    with pytest.raises(ImproperlyConfigured, match="NoSuchSender"):
        sms.sender()


class BrokenSender:
    """A sender that accepts no message."""

    def send(self, *, phone: str, text: str) -> None:
        raise SendingFailed


def test_a_message_that_is_not_taken_is_admitted(settings: LazySettings) -> None:
    settings.SMS_SENDER = f"{__name__}.BrokenSender"
    answer = Client().post("/api/v1/auth/otp", {"phone": PHONE}, content_type="application/json")
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/cannot-send"


def test_what_has_served_its_time_is_forgotten(resident: Account) -> None:
    let_days_pass()
    now = timezone.now()
    services.issue_token(account=resident, label="old", expires_at=now - timedelta(seconds=1))
    services.issue_token(account=resident, label="new", expires_at=now + timedelta(days=1))
    forget(Cadence.OFTEN, at=now + timedelta(hours=2))
    assert OneTimeCode.objects.count() == 0
    assert [token.label for token in Token.objects.all()] == ["new"]
    assert LimitEvent.objects.count() > 0
    forget(Cadence.OFTEN, at=now + timedelta(days=2))
    assert LimitEvent.objects.count() == Token.objects.count() == 0


def at_once(times: int, attempt: Callable[[], object]) -> list[object]:
    """Return what `attempt` returns or raises in several threads that start together."""
    barrier = threading.Barrier(times)
    results: list[object] = []

    def run() -> None:
        barrier.wait()
        try:
            results.append(attempt())
        except (WrongCode, CodeVoid, TooMany) as refusal:
            results.append(type(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_one_code_lets_one_in_of_many_at_once(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    code = last_code()
    results = at_once(8, lambda: logins.verify_code(phone=PHONE, otp=code, at=now))
    assert results.count(WrongCode) + results.count(CodeVoid) == 7
    assert Account.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_guessing_in_parallel_gives_no_more_than_five_guesses(last_code: LastCode) -> None:
    now = timezone.now()
    logins.start_login(phone=PHONE, at=now)
    wrong = other_than(last_code())
    results = at_once(12, lambda: logins.verify_code(phone=PHONE, otp=wrong, at=now))
    assert results.count(WrongCode) == 5
    assert results.count(CodeVoid) + results.count(TooMany) == 7


@pytest.mark.django_db(transaction=True)
def test_asking_in_parallel_sends_one_code(last_code: LastCode) -> None:
    now = timezone.now()
    results = at_once(8, lambda: logins.start_login(phone=PHONE, address="x", at=now))
    assert results.count(TooMany) == 7
    assert OneTimeCode.objects.count() == 1

"""Who gets messages: numbers of served countries, within a budget that operators hear about."""

import logging
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import budget, logins, phones
from accounts.errors import NoMoreCodes, PhoneNotServed
from accounts.login_models import OneTimeCode, SentCodes
from healthcode.web.days import day_of, end_of_today, start_of_day
from tests.accounts.conftest import LastCode
from tests.accounts.people import PHONE

MORNING = start_of_day(day_of(timezone.now())) + timedelta(hours=9)


@pytest.fixture(autouse=True)
def _small(settings: LazySettings) -> None:
    settings.CODES_PER_HOUR, settings.CODES_PER_DAY = 5, 8


def ask(number: int, at: datetime, tokens: list[str] | None = None) -> None:
    logins.start_login(
        phone=f"139{number:08}", address=f"198.18.0.{number}", device_tokens=tokens, at=at
    )


@pytest.mark.django_db
@pytest.mark.parametrize("phone", ["+8821 2345 678", "+232 76 123456", "0044 7911 123456"])
def test_numbers_of_other_countries_get_no_code(phone: str) -> None:
    client = Client(headers={"Accept-Language": "en"})
    sent = client.post("/api/v1/auth/otp", {"phone": phone}, content_type="application/json")
    assert (sent.status_code, sent.json()["type"]) == (422, "/problems/phone-not-served")
    assert "+86, +852, +853, +886" in sent.json()["detail"]
    page = client.post("/login", {"phone": phone})
    assert page.status_code == 422
    assert 'id="phone-fault"' in page.content.decode()
    assert not OneTimeCode.objects.exists()
    assert not SentCodes.objects.exists()


@pytest.mark.django_db
def test_the_setting_says_which_countries(settings: LazySettings) -> None:
    logins.start_login(phone="+852 5123 4567", at=MORNING)
    settings.SMS_COUNTRIES = "86"
    with pytest.raises(PhoneNotServed, match="phone-not-served"):
        logins.start_login(phone="+852 5123 4568", at=MORNING)


@given(st.from_regex(r"\+(?!86|85[23]|886)[1-9][0-9]{6,14}", fullmatch=True))
def test_no_other_prefix_is_served(number: str) -> None:
    with pytest.raises(PhoneNotServed):
        phones.require_served(number)


@pytest.mark.django_db
def test_beyond_the_budget_only_known_devices_get_codes(last_code: LastCode) -> None:
    started = logins.start_login(phone=PHONE, at=MORNING)
    done = logins.log_in(phone=PHONE, otp=last_code(), login=started.login, at=MORNING)
    for number in range(4):
        ask(number, MORNING)
    with pytest.raises(NoMoreCodes) as refusal:
        ask(5, MORNING + timedelta(minutes=10))
    assert refusal.value.retry_after == 50 * 60
    assert done.device
    logins.start_login(phone=PHONE, device_tokens=[done.device], at=MORNING + timedelta(minutes=10))
    assert [row.sent for row in SentCodes.objects.all()] == [6]
    later = MORNING + timedelta(hours=1)
    for number in range(10, 12):
        ask(number, later)
    with pytest.raises(NoMoreCodes) as refusal:
        ask(12, later)
    assert refusal.value.retry_after == (end_of_today(later) - later).total_seconds()
    ask(12, end_of_today(later))


@pytest.mark.django_db
def test_a_refusal_costs_the_phone_nothing() -> None:
    for number in range(5):
        ask(number, MORNING)
    for _try in range(20):
        with pytest.raises(NoMoreCodes):
            ask(7, MORNING)
    ask(7, MORNING + timedelta(hours=1))


@pytest.mark.django_db
def test_operators_hear_at_80_and_at_100_percent(caplog: pytest.LogCaptureFixture) -> None:
    before = {share: budget.ALARMS.labels(share)._value.get() for share in ("80", "100")}
    for number in range(5):
        ask(number, MORNING)
    told = [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.name == "accounts.budget"
    ]
    assert told == [
        (logging.WARNING, "80 % of the login codes of the hour are sent: 4"),
        (logging.ERROR, "100 % of the login codes of the hour are sent: 5"),
    ]
    for share, count in before.items():
        assert budget.ALARMS.labels(share)._value.get() == count + 1


@pytest.mark.django_db
def test_a_code_that_counts_for_a_day_needs_no_message(settings: LazySettings) -> None:
    settings.CODES_PER_HOUR = settings.CODES_PER_DAY = 11
    for number in range(11):
        logins.start_login(phone=PHONE, address=f"198.18.0.{number}", at=MORNING)
    started = logins.start_login(phone=PHONE, address="203.0.113.9", at=MORNING)
    assert started.digits == logins.SHARED_DIGITS


@pytest.mark.django_db
def test_counts_are_forgotten_after_four_weeks() -> None:
    ask(1, MORNING)
    assert budget.forget_counts(at=MORNING + budget.KEPT_FOR) == 0
    assert budget.forget_counts(at=MORNING + budget.KEPT_FOR + timedelta(hours=1)) == 1

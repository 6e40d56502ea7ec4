"""Somebody knows a telephone, a name and a number, and has a thousand addresses.

This attacker neither gets in nor keeps the holder out for more than a minute.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import devices, limits, logins, passwords, services
from accounts.errors import CodeVoid, SendingFailed, WrongCode, WrongPassword
from accounts.login_models import LimitEvent, OneTimeCode, StartedLogin
from accounts.models import (
    Account,
    DeviceKind,
    KnownDevice,
    Role,
)
from healthcode.web.errors import TooMany
from tests.accounts.people import PHONE

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

HOME = "203.0.113.9"
DAY = timedelta(days=1)
PASSWORD = "correct horse battery"
INBOX: list[str] = []
"""The codes that the holder's phone received."""


class Phone:
    """A sender that puts codes into the holder's phone."""

    def send(self, *, phone: str, text: str) -> None:
        found = re.findall(r"\d{4} \d{4} \d{4}|\d{6}", text)
        INBOX.append(found[0].replace(" ", ""))


class NoPhone:
    """A sender that accepts no message."""

    def send(self, *, phone: str, text: str) -> None:
        raise SendingFailed


@pytest.fixture(autouse=True)
def _phone(settings: LazySettings) -> Iterator[None]:
    settings.SMS_SENDER = f"{__name__}.Phone"
    INBOX.clear()
    yield
    INBOX.clear()


def addresses() -> Iterator[str]:
    for number in count():
        yield f"198.18.{number // 256 % 256}.{number % 256}"


def wrong(digits: int) -> str:
    """Return a guess that is none of the codes so far."""
    taken = set(INBOX)
    return next(guess for number in count() if (guess := f"{number:0{digits}d}") not in taken)


class Attacker:
    """Somebody who begins logins of the holder's phone; `guesses` are the tries that count."""

    def __init__(self) -> None:
        self.logins: list[tuple[logins.Started, datetime]] = []
        self.guesses: list[tuple[datetime, int]] = []

    def ask(self, address: str, at: datetime) -> None:
        with suppress(TooMany):
            self.logins.append((logins.start_login(phone=PHONE, address=address, at=at), at))

    def guess(self, address: str, at: datetime) -> None:
        for started, since in self.logins[-4:]:
            guess = {"otp": wrong(started.digits), "login": started.login, "address": address}
            with suppress(CodeVoid, TooMany):
                for _try in range(logins.TRIES + 1):
                    with pytest.raises(WrongCode):
                        logins.verify_code(phone=PHONE, **guess, at=at)
                    if at < since + logins.CODE_LIFE:
                        self.guesses.append((at, started.digits))


def holder_gets_in(at: datetime, address: str = HOME, tokens: list[str] | None = None) -> Account:
    """Log the holder in with what the phone received; nothing may be refused."""
    started = logins.start_login(phone=PHONE, address=address, device_tokens=tokens, at=at)
    code = next(code for code in reversed(INBOX) if len(code) == started.digits)
    account, _known = logins.verify_code(
        phone=PHONE, otp=code, login=started.login, address=address, at=at
    )
    return account


def test_through_a_day_of_attack_the_holder_gets_in_with_a_new_device() -> None:
    attacker, begin, source = Attacker(), timezone.now(), addresses()
    for hour in range(0, 24, 2):
        at = begin + timedelta(hours=hour)
        for _login in range(8):
            attacker.ask(next(source), at)
        attacker.guess(next(source), at)
        holder_gets_in(at + timedelta(seconds=hour))
    assert len([digits for _at, digits in attacker.guesses if digits == logins.DIGITS]) <= 50
    # 10 ordinary ones, and each shared one of which the holder made use.
    assert len(INBOX) <= 10 + 12


def test_somebody_who_floods_a_telephone_sends_it_few_messages() -> None:
    attacker, begin, source = Attacker(), timezone.now(), addresses()
    for minute in range(0, 24 * 60, 30):
        for _address in range(2):
            attacker.ask(next(source), begin + timedelta(minutes=minute))
    assert len(attacker.logins) == 2 * 2 * 24
    assert [len(code) for code in INBOX] == [6] * 10 + [12] * 8


def test_the_chance_of_guessing_in_a_day_is_below_one_in_ten_thousand() -> None:
    """Every login that 1,000 addresses may begin, each with all its tries."""
    in_a_day = DAY // logins.PER_ADDRESS.within
    ordinary = logins.PER_PHONE.most * logins.TRIES / 10**logins.DIGITS
    shared = 1000 * logins.PER_ADDRESS.most * in_a_day * logins.TRIES / 10**logins.SHARED_DIGITS
    assert ordinary + shared < 1e-4


steps = st.lists(
    st.tuples(st.sampled_from(["ask", "guess", "holder", "wait"]), st.integers(0, 999)),
    max_size=40,
)


@given(steps)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_the_holder_gets_in_and_the_attacker_does_not(
    order: list[tuple[str, int]],
) -> None:
    attacker, at, last_asked = Attacker(), timezone.now(), timezone.now() - DAY
    INBOX.clear()
    with transaction.atomic():
        for step, number in order:
            at += timedelta(seconds=number % 97)
            address = f"198.18.7.{number % 250}"
            if step == "ask":
                attacker.ask(address, at)
            elif step == "guess":
                attacker.guess(address, at)
            elif step == "wait":
                at += timedelta(minutes=number)
            else:
                at = max(at, last_asked + timedelta(minutes=1))
                holder_gets_in(at)
                last_asked = at
        transaction.set_rollback(True)
    for begin, _digits in attacker.guesses:
        within = [d for t, d in attacker.guesses if begin <= t < begin + DAY and d == logins.DIGITS]
        assert len(within) <= logins.PER_PHONE.most * logins.TRIES


def test_wrong_codes_of_a_stranger_leave_the_holders_login_alone() -> None:
    now = timezone.now()
    started = logins.start_login(phone=PHONE, address=HOME, at=now)
    own = INBOX[-1]
    attacker, source = Attacker(), addresses()
    for _login in range(4):
        attacker.ask(next(source), now)
    attacker.guess(next(source), now)
    for _try in range(20):
        with pytest.raises(WrongCode):
            logins.verify_code(phone=PHONE, otp=own, login="x", address=next(source), at=now)
    logins.verify_code(phone=PHONE, otp=own, login=started.login, address=HOME, at=now)


def test_a_known_device_passes_even_at_the_address_of_an_attacker() -> None:
    now = timezone.now()
    started = logins.start_login(phone=PHONE, address=HOME, at=now)
    done = logins.log_in(phone=PHONE, otp=INBOX[-1], login=started.login, address=HOME, at=now)
    assert done.device
    later = now + timedelta(hours=1)
    for limit in (logins.PER_ADDRESS, logins.TRIES_PER_ADDRESS):
        LimitEvent.objects.bulk_create(
            LimitEvent(subject=limits.subject_of(limit, HOME), at=later) for _ in range(limit.most)
        )
    with pytest.raises(TooMany):
        logins.start_login(phone=PHONE, address=HOME, at=later)
    holder_gets_in(later, tokens=[done.device])
    assert len(INBOX[-1]) == logins.DIGITS


def test_a_device_of_another_account_is_unknown_and_so_is_a_silent_one() -> None:
    now = timezone.now()
    started = logins.start_login(phone="13900139000", at=now)
    other = logins.log_in(phone="13900139000", otp=INBOX[-1], login=started.login, at=now)
    assert other.device
    for phone, at, known in (
        ("13900139000", now + devices.SILENCE - timedelta(hours=1), True),
        ("13900139000", now + devices.SILENCE, False),
        (PHONE, now + timedelta(minutes=2), False),
    ):
        logins.start_login(phone=phone, device_tokens=[other.device], at=at)
        [newest] = StartedLogin.objects.order_by("-id")[:1]
        assert (newest.device is not None) == known
    devices.forget_silent_devices(at=now + devices.SILENCE)
    assert not KnownDevice.objects.exists()


def test_one_subscriber_of_ipv6_is_one_address() -> None:
    now = timezone.now()
    most = logins.PER_ADDRESS
    LimitEvent.objects.bulk_create(
        LimitEvent(subject=limits.subject_of(most, "2001:db8:1:2::/64"), at=now)
        for _use in range(most.most)
    )
    with pytest.raises(TooMany):
        logins.start_login(phone=PHONE, address="2001:db8:1:2:ffff::1", at=now)
    logins.start_login(phone=PHONE, address="2001:db8:1:3::1", at=now)


def test_a_shared_code_works_once_and_is_sent_again_after_use() -> None:
    now, attacker, source = timezone.now(), Attacker(), addresses()
    for _login in range(12):
        attacker.ask(next(source), now)
    shared = INBOX[-1]
    assert len(shared) == logins.SHARED_DIGITS
    holder_gets_in(now)
    later = now + timedelta(minutes=2)
    attacker.ask(next(source), later)
    assert INBOX[-1] != shared
    with pytest.raises(WrongCode):
        logins.verify_code(
            phone=PHONE, otp=shared, login=attacker.logins[-1][0].login, address="x", at=later
        )


def test_a_shared_code_that_could_not_be_sent_is_tried_again(settings: LazySettings) -> None:
    now, attacker, source = timezone.now(), Attacker(), addresses()
    for _login in range(10):
        attacker.ask(next(source), now)
    settings.SMS_SENDER = f"{__name__}.NoPhone"
    with pytest.raises(SendingFailed):
        attacker.ask(next(source), now)
    assert not OneTimeCode.objects.filter(shared=True).exists()
    settings.SMS_SENDER = f"{__name__}.Phone"
    holder_gets_in(now)


def test_the_page_tells_of_the_code_of_twelve_digits() -> None:
    now, attacker, source = timezone.now(), Attacker(), addresses()
    for _login in range(11):
        attacker.ask(next(source), now)
    page = Client()
    page.cookies["language"] = "en"
    assert page.post("/login", {"phone": PHONE})["Location"] == "/login/code"
    assert "Twelve-digit code" in page.get("/login/code").content.decode()
    spelt = " ".join(re.findall("....", INBOX[-1]))
    assert page.post("/login/code", {"otp": spelt})["Location"] == "/me"
    assert len(page.cookies[devices.COOKIE].value) == 43
    page.post("/logout")
    page.post("/login", {"phone": PHONE})
    assert "Six-digit code" in page.get("/login/code").content.decode()


@pytest.fixture
def manager() -> Account:
    return services.add_staff(
        username="staff", password=PASSWORD, role=Role.VENUE_MANAGER, area="", at=timezone.now()
    )


def enters(password: str, at: datetime, address: str, tokens: list[str] | None = None) -> None:
    passwords.verify_password(
        username="staff", password=password, address=address, device_tokens=tokens or [], at=at
    )


@pytest.fixture
def fast_hashes(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_guessing_a_password_makes_only_the_guesser_slower(
    fast_hashes: None, manager: Account
) -> None:
    """A thousand addresses get 5,100 guesses a day; the holder comes in at any time."""
    now, tries, source = timezone.now(), 0, addresses()
    for round_, address in enumerate(next(source) for _address in range(60)):
        for _try in range(passwords.HERE.most + 1):
            try:
                enters("guess", now, address)
            except WrongPassword:
                tries += 1
            except TooMany:
                pass
        enters(PASSWORD, now + timedelta(seconds=round_), HOME)
    assert tries == 60 * 5
    guesser = f"198.18.0.{30}"
    with pytest.raises(TooMany):
        enters(PASSWORD, now + timedelta(hours=1), guesser)
    enters(PASSWORD, now + timedelta(hours=1), HOME)
    most = passwords.GUESSED.most + 1000 * passwords.HERE_WHILE_GUESSED.most
    assert most == 5100


def test_a_known_device_has_its_own_tries(fast_hashes: None, manager: Account) -> None:
    now = timezone.now()
    _row, token = devices.remember(account=manager, device=None, kind=DeviceKind.COMPUTER, at=now)
    assert token
    for _try in range(passwords.HERE.most):
        with pytest.raises(WrongPassword):
            enters("guess", now, HOME)
    with pytest.raises(TooMany):
        enters(PASSWORD, now, HOME)
    enters(PASSWORD, now, HOME, [token])


def test_a_browser_of_staff_is_known_after_its_first_login(
    fast_hashes: None, manager: Account
) -> None:
    page = Client()
    right = {"username": "staff", "password": PASSWORD}
    page.post("/staff/login", right)
    page.post("/logout")
    guess = {**right, "password": "guess"}
    others = [Client().post("/staff/login", guess).status_code for _try in range(6)]
    assert others == [401] * 5 + [429]
    assert Client().post("/staff/login", right).status_code == 429
    assert page.post("/staff/login", right).status_code == 302
    [device] = KnownDevice.objects.all()
    assert device.account == manager

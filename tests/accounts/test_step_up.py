"""A new device is asked for the end of a document number; so is whoever does what is final."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from accounts import devices, logins, services, step_up
from accounts.errors import (
    AccountClosed,
    StepUpLocked,
    StepUpNeeded,
    StepUpOver,
    WrongDocument,
)
from accounts.guardians import note_act
from accounts.login_models import StepUp
from accounts.models import Account, DeviceKind, KnownDevice, Person, Token
from healthcode.web.errors import InvalidInput
from tests.accounts.conftest import LastCode
from tests.accounts.people import LI, PHONE, SMITH, WANG

NOON: Final = datetime(2020, 3, 2, 4, tzinfo=UTC)
LATER: Final = NOON + timedelta(hours=1)
WANGS: Final = WANG["id_number"][-4:]
E164: Final = f"+86{PHONE}"


@given(st.timedeltas(timedelta(minutes=-20), timedelta(minutes=20)))
@example(timedelta(0))
@example(step_up.RECENT)
def test_a_proof_counts_for_ten_minutes_and_never_before_it(after: timedelta) -> None:
    counts = step_up.is_recent(NOON, at=NOON + after)
    assert counts == (timedelta(0) <= after < timedelta(minutes=10))
    assert not step_up.is_recent(None, at=NOON + after)


@pytest.fixture
def holder(areas: None) -> Account:
    """An account of Wang, with her grandchild Li, whom it registered later."""
    account = services.resident_account(phone=E164)
    for relation, who in (("self", WANG), ("child", LI)):
        services.register_person(account=account, relation=relation, phone=None, **who, at=NOON)
    return account


def asked(last_code: LastCode, at: datetime, *, address: str = "") -> StepUpNeeded:
    """Log in on a new device, and return what it is asked."""
    started = logins.start_login(phone=PHONE, address=address, at=at)
    with pytest.raises(StepUpNeeded) as needed:
        logins.log_in(phone=PHONE, otp=last_code(), login=started.login, address=address, at=at)
    return needed.value


def text_of(needed: StepUpNeeded) -> str:
    return str(needed.members["step_up"])


def finished(text: str, last4: str, at: datetime) -> logins.OpenedLogin:
    return logins.finish_login(
        step_up_text=text, document_last4=last4, kind=DeviceKind.PROGRAM, at=at
    )


def wrong(text: str, at: datetime, times: int = 1) -> None:
    for _time in range(times):
        with pytest.raises(WrongDocument):
            step_up.answer(step_up=text, document_last4="0000", at=at)


def test_a_new_device_is_asked_and_then_known(holder: Account, last_code: LastCode) -> None:
    needed = asked(last_code, LATER)
    assert needed.members["ask"] == "document_last4"
    assert "your own identity document" in str(needed.detail)
    assert not KnownDevice.objects.exists()
    assert not Token.objects.exists()
    done = finished(text_of(needed), WANGS, LATER)
    [device] = KnownDevice.objects.all()
    assert (device.account, device.proved_at) == (holder, LATER)
    started = logins.start_login(
        phone=PHONE, device_tokens=[done.device or ""], at=LATER + timedelta(minutes=2)
    )
    again = logins.log_in(
        phone=PHONE, otp=last_code(), login=started.login, at=LATER + timedelta(minutes=2)
    )
    assert again.device is None
    with pytest.raises(StepUpOver):
        finished(text_of(needed), WANGS, LATER)


def test_after_sixty_days_of_silence_the_device_is_asked_again(
    holder: Account, last_code: LastCode
) -> None:
    _device, token = devices.remember(account=holder, device=None, kind=DeviceKind.PROGRAM, at=NOON)
    assert token
    moment = timedelta(seconds=1)
    for at, is_asked in (
        (NOON + devices.SILENCE, True),
        (NOON + devices.SILENCE - moment, False),
    ):
        logins.start_login(phone=PHONE, device_tokens=[token], address=str(at), at=at)
        logging_in = {"phone": PHONE, "otp": last_code(), "address": str(at), "at": at}
        if is_asked:
            with pytest.raises(StepUpNeeded):
                logins.log_in(**logging_in)
        else:
            logins.log_in(**logging_in)


def test_who_looks_after_nobody_is_asked_nothing(areas: None, last_code: LastCode) -> None:
    for at in (NOON, LATER):
        logins.start_login(phone=PHONE, at=at)
        assert logins.log_in(phone=PHONE, otp=last_code(), at=at).device
    account = Account.objects.get()
    step_up.require_recent(account=account, device=None, at=LATER)


def test_without_a_holder_it_is_about_who_was_registered_first(
    areas: None, last_code: LastCode
) -> None:
    account = services.resident_account(phone=E164)
    for who in (SMITH, LI):
        services.register_person(account=account, relation="other", phone=None, **who, at=NOON)
    needed = asked(last_code, LATER)
    assert "whom you registered first" in str(needed.detail)
    for other in (LI["id_number"][-4:], "0T4", "0T470"):
        with pytest.raises((WrongDocument, InvalidInput)):
            finished(text_of(needed), other, LATER)
    assert finished(text_of(needed), " ０t-４7 ", LATER).token


def test_whoever_adds_themselves_as_the_holder_is_not_the_one_who_is_asked(areas: None) -> None:
    account = services.resident_account(phone=E164)
    for relation, who in (("parent", LI), ("self", WANG)):
        services.register_person(account=account, relation=relation, phone=None, **who, at=NOON)
    with pytest.raises(StepUpNeeded) as needed:
        step_up.require_recent(account=account, device=None, at=LATER)
    assert "whom you registered first" in str(needed.value.detail)
    text = text_of(needed.value)
    with pytest.raises(WrongDocument):
        step_up.answer(step_up=text, document_last4=WANGS, at=LATER)
    step_up.answer(step_up=text, document_last4=LI["id_number"][-4:], at=LATER)


@pytest.mark.parametrize("typed", ["", "123", "12345", WANG["id_number"], "12é4", "\ud800234"])
def test_what_cannot_be_the_answer_is_no_try(
    holder: Account, last_code: LastCode, typed: str
) -> None:
    text = text_of(asked(last_code, LATER))
    with pytest.raises(InvalidInput) as refusal:
        step_up.answer(step_up=text, document_last4=typed, at=LATER)
    assert refusal.value.members["errors"][0]["pointer"] == "/document_last4"  # type: ignore[index]
    holder.refresh_from_db()
    assert holder.wrong_answers == 0


def test_five_wrong_answers_are_all_however_many_logins_somebody_begins(
    holder: Account, last_code: LastCode
) -> None:
    for number in range(5):
        wrong(text_of(asked(last_code, LATER, address=f"198.18.0.{number}")), LATER)
    text = text_of(asked(last_code, LATER, address="198.18.0.9"))
    assert step_up.question(text, at=LATER).is_locked
    for last4 in ("0000", WANGS):
        with pytest.raises(StepUpLocked) as locked:
            finished(text, last4, LATER)
    assert "12345" in str(locked.value.detail)
    week = LATER + timedelta(days=7)
    with pytest.raises(StepUpLocked):
        finished(text_of(asked(last_code, week)), WANGS, week)


def test_a_locked_account_goes_on_with_its_known_device_and_is_freed_there(
    holder: Account, last_code: LastCode
) -> None:
    device, token = devices.remember(account=holder, device=None, kind=DeviceKind.PROGRAM, at=NOON)
    wrong(text_of(asked(last_code, LATER)), LATER, times=5)
    at = LATER + timedelta(minutes=2)
    logins.start_login(phone=PHONE, device_tokens=[token or ""], address="x", at=at)
    logins.log_in(phone=PHONE, otp=last_code(), address="x", at=at)
    with pytest.raises(StepUpNeeded) as needed:
        step_up.require_recent(account=holder, device=device, at=at)
    text = text_of(needed.value)
    wrong(text, at, times=4)
    proven = step_up.answer(step_up=text, document_last4=WANGS, at=at)
    assert proven.device == device
    step_up.require_recent(account=holder, device=proven.device, at=at)
    assert finished(text_of(asked(last_code, at + timedelta(minutes=2))), WANGS, at).token


def test_wrong_answers_on_a_known_device_stop_this_device_alone(
    holder: Account, last_code: LastCode
) -> None:
    mine, other = (
        devices.remember(account=holder, device=None, kind=DeviceKind.PROGRAM, at=NOON)[0]
        for _device in range(2)
    )
    with pytest.raises(StepUpNeeded) as needed:
        step_up.require_recent(account=holder, device=other, at=LATER)
    wrong(text_of(needed.value), LATER, times=5)
    with pytest.raises(StepUpLocked):
        step_up.answer(step_up=text_of(needed.value), document_last4=WANGS, at=LATER)
    with pytest.raises(StepUpNeeded) as needed:
        step_up.require_recent(account=holder, device=mine, at=LATER)
    step_up.answer(step_up=text_of(needed.value), document_last4=WANGS, at=LATER)
    assert finished(text_of(asked(last_code, LATER)), WANGS, LATER).token


def test_an_officer_who_sees_that_document_frees_the_account(
    holder: Account, last_code: LastCode
) -> None:
    text = text_of(asked(last_code, LATER))
    wrong(text, LATER, times=5)
    wang, child = Person.objects.order_by("id")
    note_act(account=holder, person=child, act=1)
    with pytest.raises(StepUpLocked):
        finished(text, WANGS, LATER)
    note_act(account=holder, person=wang, act=2)
    assert finished(text, WANGS, LATER).token


def test_an_answer_comes_too_late_or_after_the_telephone_has_gone(
    holder: Account, last_code: LastCode
) -> None:
    text = text_of(asked(last_code, LATER))
    for over in ("x", "é", text):
        with pytest.raises(StepUpOver):
            finished(over, WANGS, LATER + step_up.LIFE)
    services.let_go_of_telephone(account=holder)
    with pytest.raises(StepUpOver):
        finished(text, WANGS, LATER)


def test_a_question_without_a_device_ends_with_the_logins(holder: Account) -> None:
    with pytest.raises(StepUpNeeded) as needed:
        step_up.ask(account=holder, device=None, at=LATER)
    devices.end_other_devices(account=holder, keep=None, token=None, at=LATER)
    with pytest.raises(StepUpOver):
        finished(text_of(needed.value), WANGS, LATER)


def test_an_account_without_telephone_goes_when_nobody_is_left_in_it(
    holder: Account, last_code: LastCode
) -> None:
    new = logins.not_me(step_up_text=text_of(asked(last_code, LATER)), at=LATER)
    much_later = datetime.now(UTC) + timedelta(days=settings.ACCOUNT_RETENTION_DAYS + 1)
    services.forget_accounts_of_nobody(at=much_later)
    assert list(Account.objects.all()) == [holder]
    holder.guardianships.all().delete()
    services.forget_accounts_of_nobody(at=much_later)
    assert not Account.objects.filter(pk__in=[holder.pk, new.pk]).exists()


def test_a_closed_account_stays_closed(holder: Account, last_code: LastCode) -> None:
    text = text_of(asked(last_code, LATER))
    services.set_open(account=holder, is_open=False)
    for answer in (
        lambda: finished(text, WANGS, LATER),
        lambda: logins.not_me(step_up_text=text, at=LATER),
    ):
        with pytest.raises(AccountClosed):
            answer()


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_there_are_no_further_tries(
    holder: Account, last_code: LastCode
) -> None:
    text = text_of(asked(last_code, LATER))

    def answer(_number: int) -> type[Exception]:
        try:
            step_up.answer(step_up=text, document_last4="0000", at=LATER)
        except (WrongDocument, StepUpLocked) as refusal:
            return type(refusal)
        finally:
            connection.close()
        raise AssertionError("a wrong answer was right")

    with ThreadPoolExecutor(8) as pool:
        refusals = list(pool.map(answer, range(20)))
    assert (refusals.count(WrongDocument), refusals.count(StepUpLocked)) == (5, 15)


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_one_answer_ends_one_login(holder: Account, last_code: LastCode) -> None:
    text = text_of(asked(last_code, LATER))

    def answer(number: int) -> str:
        try:
            if number % 2:
                logins.not_me(step_up_text=text, at=LATER)
            else:
                step_up.answer(step_up=text, document_last4=WANGS, at=LATER)
        except StepUpOver:
            return "over"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answer, range(4))) == ["done", "over", "over", "over"]
    assert not StepUp.objects.exists()

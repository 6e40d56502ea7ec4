"""The account's own list of logins, and the metrics of the same."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import invitations, logins, passwords, phones, services, sign_ins
from accounts.errors import CodeVoid, WrongCode, WrongPassword
from accounts.event_models import AccountEvent, AccountEventKind
from accounts.models import Account, DeviceKind, IdType, Role
from healthcode.web.days import SHANGHAI
from healthcode.web.errors import TooMany
from tests.accounts.conftest import LastCode, api_client
from tests.accounts.people import PHONE

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=SHANGHAI)
PASSWORD = "correct horse battery"
WRONG = "000000"


def kinds(account: Account) -> list[tuple[str, int]]:
    """Return what the list of an account has, the oldest first."""
    rows = AccountEvent.objects.filter(account=account).order_by("id")
    return [(row.kind, row.times) for row in rows]


def officer() -> Account:
    """Make somebody of the staff."""
    return services.add_staff(
        username="staff", password=PASSWORD, role=Role.OFFICER, area="33", at=NOON
    )


def counted(kind: str, account: str) -> float:
    """Return what the metrics have counted by now."""
    labels = {"kind": kind, "account": account}
    return REGISTRY.get_sample_value("healthcode_account_events_total", labels) or 0


def test_the_holder_sees_logins_failures_and_ends(areas: None, last_code: LastCode) -> None:
    browser = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile", "Accept-Language": "en"})
    browser.cookies["language"] = "en"
    browser.post("/login", {"phone": PHONE})
    browser.post("/login/code", {"otp": last_code()})
    assert browser.post("/logout").status_code == 302
    again = Client(REMOTE_ADDR="198.18.0.2")
    again.cookies.update(browser.cookies)
    again.post("/login", {"phone": PHONE})
    for _ in range(2):
        wrong = "111111" if last_code() == WRONG else WRONG
        assert again.post("/login/code", {"otp": wrong}).status_code == 401
    again.post("/login/code", {"otp": last_code()})
    html = again.get("/me/devices").content.decode()
    for line in ("Wrong code from a text message · 2 times", "Logout · Browser on a phone"):
        assert line in html
    listed = again.get("/me/devices", headers={"Accept-Language": "zh-hans"})
    assert listed.status_code == 200
    rows = api_client(Account.objects.get()).get("/api/v1/auth/sign-ins").json()
    assert {(row["kind"], row["device"], row["times"]) for row in rows} >= {
        ("wrong_code", None, 2),
        ("logged_out", "phone", 1),
    }


def test_what_strangers_try_is_one_row_a_day(resident: Account) -> None:
    index = bytes(resident.phone_index or b"")
    for number in range(3 * 24 * 4):
        sign_ins.note_failure(
            kind=AccountEventKind.WRONG_CODE,
            phone_index=index,
            at=NOON.replace(hour=0) + number * timedelta(minutes=15),
        )
    assert kinds(resident) == [("wrong_code", 96)] * 3


def test_own_events_are_one_row_an_hour(resident: Account) -> None:
    for minute in (0, 1, 59, 60):
        sign_ins.note(
            account=resident,
            kind=AccountEventKind.LOGGED_IN,
            device=DeviceKind.PHONE,
            at=NOON + timedelta(minutes=minute),
        )
    newest, oldest = sign_ins.events_of(resident)
    assert (oldest.times, oldest.last_at) == (3, NOON + timedelta(minutes=59))
    assert (newest.times, newest.device) == (1, DeviceKind.PHONE)


def test_a_failure_stays_although_the_login_is_refused(areas: None, last_code: LastCode) -> None:
    account = services.resident_account(phone=phones.normalise(PHONE))
    login = logins.start_login(phone=PHONE, at=NOON).login
    wrong = "111111" if last_code() == WRONG else WRONG
    for _ in range(logins.TRIES):
        with pytest.raises(WrongCode):
            logins.verify_code(phone=PHONE, otp=wrong, login=login, at=NOON)
    with pytest.raises(CodeVoid):
        logins.verify_code(phone=PHONE, otp=wrong, login=login, at=NOON)
    assert kinds(account) == [("wrong_code", 5), ("held_off", 1)]


def test_wrong_passwords_are_in_the_list_of_staff(
    areas: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    account = officer()
    before = counted("wrong_password", "staff"), counted("held_off", "staff")
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(passwords.HERE.most):
            with pytest.raises(WrongPassword):
                passwords.verify_password(username="staff", password="wrong", at=NOON)
        with pytest.raises(TooMany):
            passwords.verify_password(username="staff", password="wrong", at=NOON)
    assert kinds(account) == [("wrong_password", 5), ("held_off", 1)]
    assert counted("wrong_password", "staff") == before[0] + 5
    assert counted("held_off", "staff") == before[1] + 1


def test_a_name_that_nobody_has_is_only_counted(
    areas: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    before = counted("wrong_password", "unknown")
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(WrongPassword):
        passwords.verify_password(username="nobody", password="wrong", at=NOON)
    assert not AccountEvent.objects.exists()
    assert counted("wrong_password", "unknown") == before + 1


def test_the_list_says_what_administrators_and_the_owner_did(areas: None) -> None:
    account = officer()
    invitations.take_password(account=account, at=NOON)
    invitations.take_password(account=account, at=NOON)  # nothing is left that could end
    invitations.invite(account=account, shown_to=account, at=NOON)
    token = invitations.show_token(account=account, to=account, at=NOON)
    invitations.accept(token=token, password=PASSWORD, at=NOON)
    services.issue_own_token(account=account, at=NOON)
    assert kinds(account) == [("office_ended", 1), ("password_chosen", 1), ("token_made", 1)]


def test_a_stranger_reads_no_list_and_others_only_their_own(resident: Account) -> None:
    assert Client().get("/api/v1/auth/sign-ins").status_code == 401
    sign_ins.note(account=resident, kind=AccountEventKind.LOGGED_IN, at=timezone.now())
    other = services.resident_account(phone="+8613900139000")
    assert api_client(other).get("/api/v1/auth/sign-ins").json() == []


def test_the_list_is_of_the_account_alone_and_goes(resident: Account) -> None:
    now = timezone.now()
    person = services.register_person(
        account=resident,
        relation="self",
        name="张小明",
        id_type=IdType.PASSPORT,
        id_number="E12345678",
        phone=None,
        home_area="330106",
        at=now,
    )
    sign_ins.note(account=resident, kind=AccountEventKind.LOGGED_IN, at=now - sign_ins.KEPT)
    sign_ins.note(account=resident, kind=AccountEventKind.LOGGED_OUT, at=now)
    assert kinds(resident) == [("logged_in", 1), ("logged_out", 1)]
    assert sign_ins.forget_events(at=now) == 1
    assert kinds(resident) == [("logged_out", 1)]
    services.delete_person(person_id=person.pk)
    assert not AccountEvent.objects.exists()

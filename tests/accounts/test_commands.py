"""Commands and periodic tasks."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.authentication import digest
from accounts.models import Account, Grant, OneTimeCode, Role, Token
from healthcode.web.keeping import Cadence
from healthcode.web.tasks import forget
from tests.accounts.conftest import api_client

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipe the password in."""
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))


def test_staff_with_password_and_area(areas: None) -> None:
    said = run("add_staff", "hangzhou", "--role", "officer", "--area", "330100")
    assert said == "hangzhou: officer of 3301\n"
    account = Account.objects.get()
    assert account.check_password(PASSWORD)
    assert account.held == {(Role.OFFICER, "3301")}
    assert PASSWORD not in said


@pytest.mark.parametrize("name", ["\U0002ebf0医院", "王\U00031350", "J"])
def test_any_character_of_a_name_is_taken(name: str) -> None:
    """Invisible characters are refused, so that one name is one account."""
    for typed in (name, f"\ufeff{name}\u200b", f" {name}\u200e"):
        run("add_staff", typed, "--role", "partner", "--machine")
    assert Account.objects.get().username == name


def test_a_machine_has_no_password_and_grants_add_up(areas: None) -> None:
    for area in ("33", "3301", "33"):
        run("add_staff", "hospital", "--role", "source", "--area", area, "--machine")
    account = Account.objects.get()
    assert not account.has_usable_password()
    assert Grant.objects.count() == 2


def test_a_further_grant_leaves_the_password(areas: None) -> None:
    run("add_staff", "hangzhou", "--role", "officer", "--area", "3301")
    run("add_staff", "hangzhou", "--role", "venue_manager", "--machine")
    assert Account.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["add_staff", "x", "--role", "officer", "--area", "33x"], "Give the area by its code"),
        (["add_staff", "x", "--role", "resident"], "invalid choice"),
        (["issue_token", "nobody"], "There is no account nobody"),
        (["close_account", "nobody"], "There is no account nobody"),
    ],
)
def test_wrong_words_are_explained(words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*words)
    assert not Account.objects.exists()


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("password\n"))
    with pytest.raises(CommandError, match="too short"):
        run("add_staff", "x", "--role", "officer")
    assert not Account.objects.exists()


def test_a_token_is_printed_once_and_kept_as_digest() -> None:
    run("add_staff", "hospital", "--role", "source", "--machine")
    token = run("issue_token", "hospital", "--label", "ward 7", "--days", "30").strip()
    kept = Token.objects.get()
    assert bytes(kept.digest) == digest(token)
    assert kept.label == "ward 7"
    assert timedelta(29) < kept.expires_at - timezone.now() <= timedelta(30)


def test_a_closed_account_is_out_at_once_also_of_its_session(areas: None) -> None:
    run("add_staff", "hangzhou", "--role", "officer", "--area", "33")
    account = Account.objects.get()
    page, machine = Client(), api_client(account)
    page.force_login(account)
    assert machine.get("/api/v1/people").status_code == 403
    assert page.get("/me").status_code == 403
    assert run("close_account", "hangzhou") == "hangzhou: closed\n"
    assert machine.get("/api/v1/people").status_code == 401
    assert page.get("/me")["Location"].startswith("/login")
    assert run("close_account", "hangzhou", "--reopen") == "hangzhou: open again\n"
    assert machine.get("/api/v1/people").status_code == 401
    assert page.get("/me").status_code == 403


def test_the_task_forgets_what_is_over() -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=1)
    OneTimeCode.objects.create(
        phone_index=b"p", code_hash=b"c", sent_at=long_ago, expires_at=long_ago
    )
    for expiry in (now - timedelta(seconds=1), now + timedelta(days=1)):
        session = SessionStore()
        session.set_expiry(expiry)
        session.create()
    forget(cadence=Cadence.OFTEN)
    assert not OneTimeCode.objects.exists()
    assert Session.objects.count() == 1

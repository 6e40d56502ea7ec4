"""The commands of administrators."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import vault
from accounts.authentication import digest
from accounts.invitations import accept
from accounts.models import (
    OF_PEOPLE,
    Account,
    Grant,
    Institution,
    Role,
    RosterEntry,
    StaffPhone,
    Token,
)
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from tests.accounts.conftest import api_client
from tests.administration import BY_ADMINISTRATOR, GROUND, administer, administrator
from tests.areas.conftest import staff
from tests.colours import world as colours

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def others() -> list[Account]:
    """Return all accounts but the administrator's."""
    return list(Account.objects.exclude(username="demo.administrator"))


@pytest.fixture(autouse=True)
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipe the password in."""
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))


def test_staff_with_an_area_and_a_link_for_the_password(areas: None) -> None:
    said = administer("add_staff", "hangzhou", "--role", "officer", "--area", "330100").splitlines()
    assert said[0] == "hangzhou: officer of 3301"
    [account] = others()
    assert not account.has_usable_password()
    assert account.held == {(Role.OFFICER, "3301")}
    assert account.check_password(PASSWORD) is False
    accept(token=said[-1].partition("?code=")[2], password=PASSWORD, at=timezone.now())
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


def test_a_link_is_printed_once(areas: None) -> None:
    administer("add_staff", "hangzhou", "--role", "venue_manager", "--area", "3301")
    with pytest.raises(CommandError, match="There is no link to show you"):
        call_command("show_invitation", "hangzhou", "--by=demo.administrator")


def test_a_forgotten_password_ends_at_once(areas: None) -> None:
    account = staff("manager", Role.VENUE_MANAGER, "3301")
    account.set_password(PASSWORD)
    account.save()
    said = administer("reset_password", "manager").splitlines()
    assert said[0] == "manager: the old password has ended"
    assert "/staff/password?code=" in said[-1]
    account.refresh_from_db()
    assert not account.check_password(PASSWORD)


def test_what_waits_says_for_whom(areas: None) -> None:
    colours.publish(colours.QUIET_TEXT)
    staff("second", Role.OFFICER, "33")
    said = administer("add_staff", "third", "--role=officer", "--area=3301")
    assert "Another administrator, or an officer, of 3301 must confirm it before" in said
    assert "show_invitation" in said
    assert not Account.objects.filter(username="third").exists()


@pytest.mark.parametrize("name", ["\U0002ebf0医院", "王\U00031350", "J"])
def test_any_character_of_a_name_is_taken(name: str) -> None:
    """Invisible characters are refused, so that one name is one account."""
    for typed in (name, f"\ufeff{name}\u200b", f" {name}\u200e"):
        administer("add_staff", typed, "--role", "partner")
    assert [account.username for account in others()] == [name]


def test_a_machine_has_no_password_and_grants_add_up(areas: None) -> None:
    for area in ("33", "3301", "33"):
        administer("add_staff", "hospital", "--role", "source", "--area", area)
    [account] = others()
    assert not account.has_usable_password()
    assert account.grants.count() == 2


def test_a_further_grant_leaves_the_password(areas: None) -> None:
    account = staff("hangzhou", Role.OFFICER, "3301")
    account.set_password(PASSWORD)
    account.save()
    said = administer("add_staff", "hangzhou", "--role", "venue_manager")
    assert said == "hangzhou: venue_manager of the whole country\n"
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


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
        administer(*words)
    assert not others()


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("password\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("add_staff", "x", "--role", "administrator", *BY_ADMINISTRATOR[1:])
    assert not Account.objects.exists()


def test_a_telephone_of_staff_is_sealed_and_shown_masked(areas: None) -> None:
    staff("hangzhou", Role.OFFICER, "3301")
    said = administer("set_staff_phone", "hangzhou", "138 0013 8000")
    assert said == "hangzhou: told at *********00\n"
    told = StaffPhone.objects.get()
    number = vault.unseal(told.sealed, field=vault.Field.STAFF_PHONE, row=told.bound_to)
    assert number == "+8613800138000"
    assert Act.objects.latest("pk").kind == ActKind.STAFF_PHONE_CHANGED
    assert "13800138000" not in str(Act.objects.latest("pk").detail)
    with pytest.raises(vault.VaultError):
        vault.unseal(told.sealed, field=vault.Field.STAFF_PHONE, row=b"another account")
    administer("close_account", "hangzhou")
    assert not StaffPhone.objects.exists()


def test_what_is_no_telephone_is_refused(areas: None) -> None:
    staff("hangzhou", Role.OFFICER, "3301")
    with pytest.raises(CommandError, match="mobile number"):
        administer("set_staff_phone", "hangzhou", "12")
    with pytest.raises(CommandError, match="set_staff_phone"):
        administer("add_staff", "new", "--role=officer", "--phone=13800138000")
    assert not StaffPhone.objects.exists()


def test_a_token_is_printed_once_and_kept_as_digest() -> None:
    administer("add_staff", "hospital", "--role", "source")
    token = administer("issue_token", "hospital", "--label", "ward 7", "--days", "30").strip()
    kept = Token.objects.get()
    assert bytes(kept.digest) == digest(token)
    assert kept.label == "ward 7"
    assert timedelta(29) < kept.expires_at - timezone.now() <= timedelta(30)


def test_a_closed_account_is_out_at_once_also_of_its_session(areas: None) -> None:
    account = staff("hangzhou", Role.OFFICER, "33")
    page, machine = Client(), api_client(account)
    page.force_login(account)
    assert machine.get("/api/v1/people").status_code == 403
    assert page.get("/me").status_code == 403
    assert administer("close_account", "hangzhou") == "hangzhou: closed\n"
    assert machine.get("/api/v1/people").status_code == 401
    assert page.get("/me")["Location"].startswith("/login")
    assert administer("close_account", "hangzhou", "--reopen") == "hangzhou: open again\n"
    assert machine.get("/api/v1/people").status_code == 401
    assert page.get("/me")["Location"].startswith("/login")


def test_the_first_administrator_needs_nobody_and_the_second_does() -> None:
    first = ("add_staff", "zhou.min", "--role=administrator", *BY_ADMINISTRATOR[1:])
    call_command(*first, stdout=StringIO())
    account = Account.objects.get()
    assert account.check_password(PASSWORD)
    act = Act.objects.get()
    assert (act.account, act.role) == (account, Role.ADMINISTRATOR)
    assert (act.kind, act.ground) == (ActKind.STAFF_GRANTED, GROUND.text)
    assert account.grants.get().granted_by is None
    second = ("add_staff", "li.lei", "--role=administrator", *BY_ADMINISTRATOR[1:])
    with pytest.raises(CommandError, match="There is an administrator already"):
        call_command(*second)
    call_command(*second, "--by=zhou.min", stdout=StringIO())
    assert Grant.objects.get(account__username="li.lei").granted_by == account


def test_the_last_administrator_stays(areas: None) -> None:
    owner = administrator().account
    owner.set_password(PASSWORD)
    owner.save()
    staff("below", Role.ADMINISTRATOR, "33")
    with pytest.raises(CommandError, match="Nobody else who has a password administers"):
        administer("close_account", "demo.administrator")
    administer("close_account", "below")
    staff("beside", Role.ADMINISTRATOR, "")
    administer("close_account", "demo.administrator")
    again = ("add_staff", "zhou.min", "--role=administrator", *BY_ADMINISTRATOR[1:])
    Account.objects.update(is_active=False)
    with pytest.raises(CommandError, match="There is an administrator already"):
        call_command(*again)


@pytest.mark.parametrize("role", sorted(OF_PEOPLE))
def test_people_get_no_token_from_an_administrator(areas: None, role: Role) -> None:
    staff("li.lei", role, "33")
    with pytest.raises(CommandError, match="a person's"):
        administer("issue_token", "li.lei")
    assert not Token.objects.exists()


@pytest.mark.parametrize(
    ("first", "second"), [(Role.OFFICER, Role.SOURCE), (Role.PARTNER, Role.ADMINISTRATOR)]
)
def test_a_machine_is_no_person(areas: None, first: Role, second: Role) -> None:
    staff("both", first, "33")
    with pytest.raises(CommandError, match="make another account"):
        administer("add_staff", "both", f"--role={second}", "--area=33")
    with pytest.raises(CommandError):
        administer("reset_password" if first is Role.PARTNER else "issue_token", "both")
    assert Grant.objects.filter(account__username="both").count() == 1


def test_only_an_administrator_answers_for_a_command() -> None:
    administer("add_staff", "li.lei", "--role=officer")
    ground = BY_ADMINISTRATOR[1:]
    order = ("add_staff", "han.mei", "--role=officer", *ground)
    for by, sentence in (
        ((), "Say with --by which administrator"),
        (("--by=nobody",), "There is no account nobody"),
        (("--by=li.lei",), "Your account may not do this"),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command(*order, *by)
    Account.objects.filter(username="demo.administrator").update(is_active=False)
    with pytest.raises(CommandError, match="There is no account demo"):
        call_command(*order, "--by=demo.administrator")
    assert not Account.objects.filter(username="han.mei").exists()


def test_a_command_without_a_ground_does_nothing() -> None:
    with pytest.raises(CommandError, match="--ground"):
        call_command("make_signing_key", "--by=demo.administrator")
    with pytest.raises(CommandError, match="--by"):
        call_command("make_signing_key", *BY_ADMINISTRATOR[1:])


def test_a_source_gets_a_public_name_that_can_be_changed(areas: None) -> None:
    words = ("add_staff", "hospital", "--role", "source")
    administer(*words)
    assert not Institution.objects.exists()
    for chinese, english in (("第一医院", "First Hospital"), ("第二医院", "")):
        administer(*words, "--name", chinese, "--name-en", english)
        named = Institution.objects.get()
        told = Act.objects.latest("pk").detail
        assert (told["name"], told["name_en"]) == (chinese, english)
        assert (named.account.username, named.zh, named.en) == ("hospital", chinese, english)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--role", "officer", "--name", "x"], "Only a source has a public name"),
        (["--role", "source", "--name", " "], "a name that residents know it by"),
        (["--role", "source", "--name-en", "x" * 97], "too long"),
    ],
)
def test_a_wrong_public_name_is_explained(areas: None, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        administer("add_staff", "hospital", *words)
    assert not others()


def test_a_roster_is_loaded_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "roster.csv"
    head, wang = "id_type,id_number,name,phone", "20,E10000001,王伟,13800138000"
    file.write_text(f"\ufeff{head}\r\n{wang}\r\n", encoding="utf-8")
    assert administer("load_roster", str(file)) == "The roster has 1 people.\n"
    assert Act.objects.get(kind=ActKind.ROSTER_LOADED).detail == {"people": 1}
    file.write_bytes(f"{head}\n{wang}\n20,,,\n".encode())
    with pytest.raises(CommandError, match=r"^Line 3: .* Nothing has been loaded\.$"):
        administer("load_roster", str(file))
    file.write_bytes(f"{head}\n20,E10000001,\xff,\n".encode("latin-1"))
    with pytest.raises(CommandError, match="not CSV in UTF-8"):
        administer("load_roster", str(file))
    with pytest.raises(CommandError, match="No such file"):
        administer("load_roster", str(tmp_path / "none.csv"))
    assert RosterEntry.objects.count() == Act.objects.filter(kind="roster-loaded").count() == 1

"""The pages of administrators: everything about staff, without a shell."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Grant, Role
from accounts.services import issue_token
from healthcode.acts.models import Act, Proposal
from tests.accounts.conftest import api_client
from tests.acts import SENT_GROUND
from tests.areas.conftest import staff
from tests.colours import world

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "zh-hans")


def browser(account: Account, language: str = "en") -> Client:
    client = Client()
    client.cookies["language"] = language
    client.force_login(account)
    return client


@pytest.fixture
def li() -> Account:
    """An administrator of a province with an officer, where officers wait for two persons."""
    world.areas("330106", "310101")
    world.publish(world.QUIET_TEXT)
    staff("zhou", Role.OFFICER, "33")
    return staff("li", Role.ADMINISTRATOR, "33")


def page_of(account: Account) -> str:
    return f"/administration/accounts/{account.pk}"


def give(client: Client, name: str, role: Role, area: str = "3301", **more: str) -> str:
    form = {**SENT_GROUND, "username": name, "role": role.value, "area": area, **more}
    answer = client.post("/administration/grant", form)
    if answer.status_code == 302:
        return str(answer.headers["Location"])
    assert answer.status_code >= 400
    return answer.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_shows_the_area_and_nobody_else(li: Account, language: str) -> None:
    inside, outside = staff("inside", Role.SOURCE, "3301"), staff("outside", Role.OFFICER, "31")
    resident = staff("resident", Role.RESIDENT, "33")
    client = browser(li, language)

    shown = client.get("/administration").content.decode()

    assert [name in shown for name in ("inside", "zhou", "outside", "resident")] == [
        *(True, True),
        *(False, False),
    ]
    found = client.get("/administration", {"name": "IN\0SI"}).content.decode()
    assert "inside" in found
    assert "zhou" not in found
    assert client.get(page_of(inside)).status_code == 200
    for hidden in (outside, resident):
        assert client.get(page_of(hidden)).status_code == 404
        assert client.post(page_of(hidden), {**SENT_GROUND, "step": "close"}).status_code == 404


def test_a_new_officer_waits_and_the_proposer_then_sees_the_link_once(li: Account) -> None:
    client, zhou = browser(li), browser(Account.objects.get(username="zhou"))
    where = give(client, "wang", Role.OFFICER)
    proposal = Proposal.objects.get()
    assert where == f"/officer/proposals/{proposal.pk}"
    assert not Account.objects.filter(username="wang").exists()
    form = {**SENT_GROUND, "checked": "1", "step": "confirm", "fingerprint": proposal.fingerprint}
    assert zhou.post(where, form).status_code == 302
    wang = Account.objects.get(username="wang")
    assert "Show the link" in client.get(page_of(wang)).content.decode()
    shown = client.post(page_of(wang), {"step": "link"}).content.decode()
    [code] = re.findall(r"/staff/password\?code=([\w-]+)", shown)
    assert client.post(page_of(wang), {"step": "link"}).status_code == 404
    password = "correct horse battery"
    owner = Client()
    form = {"code": code, "password": password, "again": password}
    assert owner.post("/staff/password", form).headers["Location"] == "/staff/second-factor"
    login = Client().post("/staff/login", {"username": "wang", "password": password})
    assert login.headers["Location"] == "/staff/second-factor"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"area": "310101"}, "outside the area that you are responsible for"),
        ({"area": "", "country": "1"}, "outside the area that you are responsible for"),
        ({"area": ""}, "Please choose an area"),
        ({"role": "resident"}, "Please choose a role"),
        ({"username": " "}, "Give the account a name"),
        ({"username": "moved-7"}, "No name begins with moved-"),
        ({"username": " erased-7", "role": "officer"}, "No name begins with moved-"),
        ({"ground": "short"}, "10"),
        ({"ground": "they asked for it \0 here"}, "invisible or change the writing direction"),
        ({"ground": "asked by li \u202enaem ot"}, "invisible or change the writing direction"),
        ({"area": "339999"}, "We do not know this area"),
    ],
)
def test_what_cannot_be_given_is_a_sentence(
    li: Account, form: dict[str, str], sentence: str
) -> None:
    sent = {"area": "3301", "role": "source", "username": "hospital", **form}
    answer = browser(li).post("/administration/grant", {**SENT_GROUND, **sent})
    assert answer.status_code in {403, 422}
    assert sentence in answer.content.decode()
    assert not Act.objects.filter(kind="staff-granted").exists()


def test_tokens_end_one_by_one(li: Account) -> None:
    source = staff("hospital", Role.SOURCE, "3301")
    until = timezone.now() + timedelta(days=1)
    first, second = (issue_token(account=source, label=each, expires_at=until) for each in "ab")
    client = browser(li)
    shown = client.get(page_of(source)).content.decode()
    [ended, kept] = [int(number) for number in re.findall(r'name="token" value="(\d+)"', shown)]
    form = {**SENT_GROUND, "step": "revoke", "token": str(ended)}
    assert client.post(page_of(source), form).status_code == 302
    assert list(source.tokens.values_list("pk", flat=True)) == [kept]
    assert client.post(page_of(source), form).status_code == 404
    act = Act.objects.get(kind="token-revoked")
    assert (act.account, act.detail["account"]) == (li, source.pk)
    assert first not in str(act.detail)
    assert second not in str(act.detail)


def test_nobody_loses_the_password_to_a_link_that_nobody_sees(li: Account) -> None:
    client = browser(li)
    answer = client.post(page_of(li), {**SENT_GROUND, "step": "reset"})
    assert answer.status_code == 409
    assert "Ask another administrator" in answer.content.decode()
    assert not Proposal.objects.exists()
    assert client.get("/administration").status_code == 200


def test_a_closed_account_ends_for_good(li: Account) -> None:
    manager = staff("manager", Role.VENUE_MANAGER, "3301")
    manager.set_password("correct horse battery")
    manager.save()
    open_page, program, client = browser(manager), api_client(manager), browser(li)
    assert open_page.get("/venues").status_code == 200
    assert client.post(page_of(manager), {**SENT_GROUND, "step": "close"}).status_code == 302
    assert "closed" in client.get(page_of(manager)).content.decode()
    assert client.post(page_of(manager), {**SENT_GROUND, "step": "reopen"}).status_code == 302
    assert open_page.get("/venues").status_code == 302
    assert program.get("/api/v1/people").status_code == 401
    login = {"username": "manager", "password": "correct horse battery"}
    assert Client().post("/staff/login", login).status_code == 401
    assert client.post(page_of(manager), {**SENT_GROUND, "step": "reset"}).status_code == 302
    assert "Show the link" in client.get(page_of(manager)).content.decode()
    kinds = set(Act.objects.filter(account=li).values_list("kind", flat=True))
    assert kinds == {"account-closed", "account-reopened", "password-reset"}


def test_the_last_administrator_cannot_leave(li: Account) -> None:
    client = browser(li)
    answer = client.post(page_of(li), {**SENT_GROUND, "step": "close"})
    assert answer.status_code == 409
    assert "Nobody else who has a password administers this area" in answer.content.decode()
    staff("chen", Role.ADMINISTRATOR, "33")
    assert client.post(page_of(li), {**SENT_GROUND, "step": "close"}).status_code == 302
    assert not Account.objects.get(pk=li.pk).is_active


def test_the_reset_of_an_officer_waits(li: Account) -> None:
    zhou = Account.objects.get(username="zhou")
    staff("chen", Role.OFFICER, "33")
    answer = browser(li).post(page_of(zhou), {**SENT_GROUND, "step": "reset"})
    assert answer.headers["Location"] == f"/officer/proposals/{Proposal.objects.get().pk}"


def test_a_form_that_asks_for_nothing_known_is_refused(li: Account) -> None:
    source = staff("hospital", Role.SOURCE, "3301")
    answer = browser(li).post(page_of(source), {**SENT_GROUND, "step": "promote"})
    assert answer.status_code == 422
    assert Grant.objects.filter(account=source).count() == 1


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VENUE_MANAGER, Role.SOURCE])
def test_only_administrators_see_these_pages(li: Account, role: Role) -> None:
    client = browser(staff("other", role, "33"))
    for path in ("/administration", "/administration/grant", page_of(li)):
        assert client.get(path).status_code == 403

"""The pages of administrators about partners' systems, tokens of machines and telephones."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Grant, Role, StaffPhone, Token
from accounts.services import issue_token
from healthcode.acts.models import Act
from tests.acts import SENT_GROUND
from tests.administration.test_pages import LANGUAGES, browser, page_of
from tests.areas.conftest import staff
from tests.verifier.partner import PartnerMachine
from tests.verifier.test_pages import text_of
from verifier.models import Partner

pytestmark = pytest.mark.usefixtures("areas")

PAGE = "/administration/partners"


@pytest.fixture
def li() -> Account:
    return staff("li", Role.ADMINISTRATOR, "33")


def form(**more: Any) -> dict[str, Any]:
    keys = PartnerMachine("cn-32").public_keys().decode()
    terms = {"username": "cn-32", "keys": keys, "scopes": ["sandbox"], "codes_per_minute": "60"}
    return {**SENT_GROUND, **terms, "contact": "Jiangsu", **more}


def page_of_partner() -> str:
    return f"{PAGE}/{Partner.objects.get().pk}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_system_is_admitted_changed_and_ended(li: Account, language: str) -> None:
    client = browser(li, language)
    assert "required></textarea>" in client.get(PAGE).content.decode()
    assert client.post(PAGE, form()).status_code == 302
    assert "cn-32" in client.get(PAGE).content.decode()
    assert "Jiangsu" in client.get(page_of_partner()).content.decode()
    before = Partner.objects.get().keys
    changed = form(step="change", keys="", scopes=["sandbox", "verify"], codes_per_minute="90")
    assert client.post(page_of_partner(), changed).status_code == 302
    partner = Partner.objects.get()
    assert (partner.keys, partner.scopes) == (before, "sandbox verify")
    assert partner.codes_per_minute == 90
    issue_token(account=partner.account, label="", expires_at=timezone.now())
    page = page_of_partner()
    assert client.post(page, {**SENT_GROUND, "step": "end"}).status_code == 302
    assert not Partner.objects.exists()
    assert not Grant.objects.in_force(timezone.now()).filter(role=Role.PARTNER).exists()
    assert not Token.objects.exists()
    assert client.post(page, {**SENT_GROUND, "step": "end"}).status_code == 404
    kinds = list(Act.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["partner-changed", "partner-changed", "partner-ended"]
    assert client.post(PAGE, form()).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"keys": ""}, 422, "The keys are not a JWK set"),
        ({"keys": "\x00"}, 422, "The keys are not a JWK set"),
        ({"scopes": []}, 422, "Choose scopes"),
        ({"scopes": ["admin"]}, 422, "Choose scopes"),
        ({"codes_per_minute": "9" * 17}, 422, "a quota from 1 to 1,000,000"),
        ({"codes_per_minute": "-1"}, 422, "a quota from 1 to 1,000,000"),
        ({"contact": "x" * 129}, 422, "at most 128 characters"),
        ({"username": ""}, 422, "Give the account a name"),
        ({"username": "x" * 65}, 422, "This name is too long"),
        ({"username": "li"}, 409, ""),
        ({"ground": "x"}, 422, "10"),
    ],
)
def test_what_is_no_system_is_a_sentence(
    li: Account, wrong: dict[str, Any], status: int, says: str
) -> None:
    answer = browser(li).post(PAGE, form(**wrong))
    assert answer.status_code == status
    assert says in text_of(answer)
    assert 'role="alert"' in answer.content.decode()
    assert not Partner.objects.exists()
    assert not Act.objects.exists()


def test_a_known_system_is_not_changed_by_mistake(li: Account) -> None:
    client = browser(li)
    client.post(PAGE, form())
    answer = client.post(PAGE, form(codes_per_minute="9"))
    assert answer.status_code == 409
    assert "admitted already" in text_of(answer)
    assert Partner.objects.get().codes_per_minute == 60


def test_an_administrator_of_a_city_sees_no_partners(li: Account) -> None:
    browser(li).post(PAGE, form())
    client = browser(staff("city", Role.ADMINISTRATOR, "3301"))
    for path in (PAGE, page_of_partner()):
        assert client.get(path).status_code == 403
        assert client.post(path, form(step="end")).status_code == 403
    assert PAGE not in client.get("/administration").content.decode()
    assert Partner.objects.exists()


def issue(client: Client, account: Account, **more: str) -> Any:
    sent = {**SENT_GROUND, "step": "issue", "label": "hospital 7", "days": "30", **more}
    return client.post(page_of(account), sent)


def test_a_machine_gets_a_token_that_is_shown_once(li: Account) -> None:
    source, client = staff("hospital", Role.SOURCE, "3301"), browser(li)
    shown = issue(client, source).content.decode()
    [token] = re.findall(r"<code>([\w-]{43})</code>", shown)
    assert token not in client.get(page_of(source)).content.decode()
    program = Client(headers={"Authorization": f"Bearer {token}"})
    sent = program.post("/api/v1/evidence/stays", "{}", content_type="application/json")
    assert sent.status_code == 422
    assert token not in json.dumps(Act.objects.get(kind="token-issued").detail)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"days": "0"}, "1 to 366 days"),
        ({"days": "367"}, "1 to 366 days"),
        ({"days": "x"}, "1 to 366 days"),
        ({"label": "x" * 65}, "too long"),
        ({"label": "a\x00b"}, "Please type it again"),
        ({"ground": ""}, "10"),
    ],
)
def test_what_is_no_token_is_a_sentence(li: Account, more: dict[str, str], says: str) -> None:
    source = staff("hospital", Role.SOURCE, "3301")
    answer = issue(browser(li), source, **more)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Token.objects.exists()


def test_no_person_gets_a_token(li: Account) -> None:
    manager, client = staff("manager", Role.VENUE_MANAGER, "3301"), browser(li)
    assert "Issue a token" not in text_of(client.get(page_of(manager)))
    assert issue(client, manager).status_code == 409
    assert not Token.objects.exists()


def test_a_telephone_for_alarms_is_stored_sealed(li: Account) -> None:
    officer, client = staff("zhou", Role.OFFICER, "3301"), browser(li)
    assert "No telephone is stored" in text_of(client.get(page_of(officer)))
    sent = {**SENT_GROUND, "step": "phone", "phone": "13812345678"}
    assert client.post(page_of(officer), sent).status_code == 302
    shown = client.get(page_of(officer)).content.decode()
    assert ("A telephone is stored" in shown, "13812345678" in shown) == (True, False)
    assert b"13812345678" not in bytes(StaffPhone.objects.get().sealed)
    refused = client.post(page_of(officer), {**sent, "phone": "12"})
    assert refused.status_code == 422
    assert Act.objects.filter(kind="staff-phone-changed").count() == 1

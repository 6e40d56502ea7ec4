"""The officers' pages for proposals, in both languages, and the pages that lead to them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from healthcode.acts.models import Act, Proposal
from healthcode.areas.models import AreaLevel, Level
from healthcode.colours.services import publish_policy
from healthcode.web.days import day_of
from tests.acts import GROUND, SENT_GROUND
from tests.colours import world
from tests.confirmation.conftest import PLACE, Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    world.publish(world.DEFAULT_TEXT)
    return Office(at=timezone.now())


def browser(account: Account, language: str = "en") -> Client:
    client = Client()
    client.cookies["language"] = language
    client.force_login(account)
    return client


def shown(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def confirm(client: Client, proposal: Proposal, **fields: str) -> Any:
    page = shown(client, f"/officer/proposals/{proposal.pk}")
    (fingerprint,) = re.findall(r'name="fingerprint" value="(\w+)"', page)
    sent = {**SENT_GROUND, "fingerprint": fingerprint, "step": "confirm", "checked": "1", **fields}
    return client.post(f"/officer/proposals/{proposal.pk}", sent)


def test_a_map_goes_from_its_form_to_a_second_officer(office: Office) -> None:
    li, zhou = browser(office.li), browser(office.zhou)
    day = day_of(office.at - timedelta(days=1)).isoformat()
    form = {**SENT_GROUND, "day": day, "text": f"code,level\n{PLACE},red", "step": "preview"}
    preview = li.post("/officer/map", form).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', preview))

    answer = li.post("/officer/map", {**fields, "step": "publish", "confirmed": "1"})

    proposal = Proposal.objects.get()
    assert answer.headers["Location"] == f"/officer/proposals/{proposal.pk}"
    mine = shown(li, f"/officer/proposals/{proposal.pk}")
    assert "Nothing is done yet. A second person must confirm this before" in mine
    assert "Ground for your confirmation" not in mine
    assert "1 proposal waits for a second officer." in shown(zhou, "/officer")
    assert "waits for a second officer" not in shown(li, "/officer")
    listed = shown(zhou, "/officer/proposals")
    assert "11 people would get a stricter colour." in listed
    page = shown(zhou, f"/officer/proposals/{proposal.pk}")
    for words in (GROUND.text, "The map as it would be", "11 change colour.", f"{PLACE}: 11"):
        assert words in page

    assert confirm(zhou, proposal).status_code == 302
    assert Act.objects.get(kind="levels-published").confirmed_by == office.zhou
    done = shown(zhou, f"/officer/proposals/{proposal.pk}")
    assert "Progress of the recalculation" in done
    assert "Ground for your confirmation" not in done


def test_a_confirmation_without_tick_or_ground_does_nothing(office: Office) -> None:
    proposal, zhou = office.map(), browser(office.zhou)
    ticked = {"checked": "1", **SENT_GROUND}
    for left_out, said in (
        ("checked", "First check what is proposed"),
        ("ground", "Give the ground for this"),
        ("ground_kind", "Choose the kind of ground"),
        ("fingerprint", "Look at the proposal again"),
    ):
        sent = {name: value for name, value in ticked.items() if name != left_out}
        answer = zhou.post(f"/officer/proposals/{proposal.pk}", {**sent, "step": "confirm"})
        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert not AreaLevel.objects.exists()


def test_a_refusal_is_told_on_the_page(office: Office) -> None:
    proposal, zhou = office.map(), browser(office.zhou, "zh-hans")
    office.map({PLACE: Level.BLUE}, by=office.zhou)

    answer = confirm(zhou, proposal)

    assert answer.status_code == 409
    assert "如果还需要，请重新提交。" in answer.content.decode()


def test_the_proposer_withdraws(office: Office) -> None:
    proposal, li = office.map(), browser(office.li)
    sent = {**SENT_GROUND, "step": "withdraw"}
    assert li.post(f"/officer/proposals/{proposal.pk}", sent).status_code == 302
    page = shown(li, f"/officer/proposals/{proposal.pk}")
    assert "withdrawn" in page
    assert "Withdraw the proposal" not in page


def test_what_a_confirmer_sees_of_a_case_and_of_a_policy(office: Office) -> None:
    case = office.withdraw(office.case(office.people[0]))
    harsher = world.DEFAULT_TEXT.replace("version = 2", "version = 3")
    policy = publish_policy(
        account=office.li, text=harsher, holds_from=office.at, ground=GROUND, at=office.at
    )
    zhou = browser(office.zhou)

    shows_case = shown(zhou, f"/officer/proposals/{case.pk}")
    shows_policy = shown(zhou, f"/officer/proposals/{policy.pk}")

    assert "Evidence withdrawn" in shows_case
    assert "Reported by" in shows_case
    assert "3 · CN-33-2020-02-17" in shows_policy
    assert "hold_days = 14" in shows_policy
    assert "政策全文" in shown(browser(office.zhou, "zh-hans"), f"/officer/proposals/{policy.pk}")
    for proposal in (policy, case):
        assert confirm(zhou, proposal).status_code == 302


def test_an_officer_of_a_part_sees_the_numbers_only(office: Office) -> None:
    proposal = office.withdraw(office.case(office.people[0]))
    page = shown(browser(world.officer(PLACE)), f"/officer/proposals/{proposal.pk}")
    assert "Reported by" in page  # the officer of the person's home answers for the case
    elsewhere = browser(world.officer("31"))
    assert elsewhere.get(f"/officer/proposals/{proposal.pk}").status_code == 403
    assert elsewhere.get("/officer/proposals/999999").status_code == 404

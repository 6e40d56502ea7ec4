"""Officers trace over the HTTP interface and on pages; nobody else does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Role
from accounts.services import issue_token
from healthcode.acts.looks import looks_export
from healthcode.acts.models import PersonLook
from healthcode.colours.models import Recomputation
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.officers.inquiries.graph import MOST, draw
from healthcode.tracing.kinds import PlaceKind, Strength
from healthcode.tracing.models import Inquiry, Presence
from healthcode.tracing.trace import Chain, Encounter, SecondaryEncounter, Window
from tests.acts import SENT_GROUND
from tests.colours import world
from tests.colours.world import shanghai
from tests.tracing.conftest import NOW, Town

URL = "/api/v1/inquiries"


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(account: Account) -> APIClient:
    token = issue_token(account=account, label="", expires_at=datetime(2099, 1, 1, tzinfo=UTC))
    return APIClient(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


def browser_of(account: Account) -> Client:
    browser = Client()
    browser.cookies["language"] = "en"
    browser.force_login(account)
    return browser


def test_an_officer_opens_reads_and_confirms(town: Town) -> None:
    client = client_of(town.officer)
    given = {"case": town.evidence.pk, "infectious_from": "2020-03-02", **SENT_GROUND}

    opened = client.post(URL, given, format="json")

    assert opened.status_code == 201
    result = opened.json()
    assert (result["is_placed"], result["infectious_from"]) == (False, "2020-03-02T00:00:00+08:00")
    assert {(c["person"], c["strength"]) for c in result["contacts"]} == {
        (town.near, "close"),
        (town.passing, "casual"),
    }
    assert [(c["of"], c["person"]) for c in result["secondary"]] == [(town.near, town.flatmate)]
    assert result["people"]["then"] == {"green": 0, "yellow": 2, "red": 1}
    confirmation = {**SENT_GROUND, "fingerprint": result["fingerprint"]}
    url = f"{URL}/{result['id']}/confirmation"
    assert client.post(url, confirmation, format="json").json()["type"].endswith("not-placed-yet")
    Inquiry.objects.update(placed_at=NOW)
    assert client.get(f"{URL}/{result['id']}").json()["fingerprint"] == result["fingerprint"]

    confirmed = client.post(url, confirmation, format="json")

    assert confirmed.status_code == 200
    recomputation = Recomputation.objects.get(pk=confirmed.json()["recomputation"])
    assert recomputation.act_id == confirmed.json()["act"]
    assert set(recomputation.people) == {town.near, town.passing, town.flatmate}
    assert client.get(f"{URL}/{result['id']}").json()["confirmed_by"] == recomputation.act_id


def test_the_people_of_a_chain_see_later_that_an_officer_looked(town: Town) -> None:
    client = client_of(town.officer)
    given = {"case": town.evidence.pk, "infectious_from": "2020-03-02", **SENT_GROUND}
    number = client.post(URL, given, format="json").json()["id"]
    client.get(f"{URL}/{number}")
    chain = {town.near, town.passing, town.flatmate, town.evidence.person_id}
    assert sorted(PersonLook.objects.values_list("person", flat=True)) == sorted(chain)
    (look,) = PersonLook.objects.filter(person=town.flatmate)
    assert (look.account, look.what) == (town.officer, "contacts")
    assert look.hidden_until == NOW + timedelta(days=14)
    assert looks_export(town.flatmate, NOW) == []
    (seen,) = looks_export(town.flatmate, NOW + timedelta(days=14))
    assert (seen["ground_kind"], seen["ground"]) == (SENT_GROUND["ground_kind"], None)


def test_a_look_at_a_confirmed_inquiry_is_not_hidden(town: Town) -> None:
    client = client_of(town.officer)
    given = {"case": town.evidence.pk, "infectious_from": "2020-03-02", **SENT_GROUND}
    opened = client.post(URL, given, format="json").json()
    Inquiry.objects.update(placed_at=NOW)
    confirmation = {**SENT_GROUND, "fingerprint": opened["fingerprint"]}
    client.post(f"{URL}/{opened['id']}/confirmation", confirmation, format="json")
    PersonLook.objects.all().delete()
    browser_of(town.officer).get(f"/officer/inquiries/{opened['id']}")
    assert len(looks_export(town.flatmate, NOW)) == 1


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"case": 0}, 422, "/case"),
        ({"ground_kind": "investigation", "ground": ""}, 422, "/ground"),
        ({"infectious_from": "soon"}, 422, "/infectious_from"),
        ({"infectious_until": "2020-02-01", "infectious_from": "2020-02-03"}, 422, None),
        ({"who": "me"}, 422, "/who"),
        ({"case": 10**12}, 404, None),
    ],
)
def test_what_is_wrong_is_said(
    town: Town, change: dict[str, Any], status: int, pointer: str | None
) -> None:
    given = {"case": town.evidence.pk, **SENT_GROUND} | change

    answer = client_of(town.officer).post(URL, given, format="json")

    assert answer.status_code == status
    assert pointer is None or answer.json()["errors"][0]["pointer"] == pointer
    assert not Inquiry.objects.exists()


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.SOURCE, Role.PARTNER, Role.VENUE_MANAGER])
def test_nobody_else_traces(town: Town, role: Role) -> None:
    account = Account.objects.create(username="somebody")
    Grant.objects.create(account=account, role=role, area="33")
    inquiry = town.inquire()

    client = client_of(account)

    assert client.post(URL, {}, format="json").status_code == 403
    assert client.get(f"{URL}/{inquiry.pk}").status_code == 403
    assert client.post(f"{URL}/{inquiry.pk}/confirmation", {}, format="json").status_code == 403
    assert browser_of(account).get(f"/officer/inquiries/{inquiry.pk}").status_code == 403


def test_the_pages_lead_from_case_to_confirmation(town: Town) -> None:
    browser = browser_of(town.officer)
    wrong = browser.post(
        "/officer/inquiries",
        {"case": "x", **SENT_GROUND},
    )
    assert wrong.status_code == 422
    assert "Give the evidence number of the case" in wrong.content.decode()

    opened = browser.post(
        "/officer/inquiries",
        {"case": town.evidence.pk, **SENT_GROUND},
    )

    inquiry = Inquiry.objects.get()
    page = f"/officer/inquiries/{inquiry.pk}"
    assert opened.headers["Location"] == page
    waiting = browser.get(page).content.decode()
    assert "still being searched" in waiting
    assert "Confirm the contacts" not in waiting
    Inquiry.objects.update(placed_at=NOW)
    shown = browser.get(page)
    html = shown.content.decode()
    assert html.count('<line class="') == 3
    assert "restaurant: 望湖楼" in html
    assert "2 change colour" not in html
    assert "3 change colour" in html

    fingerprint = shown.context["fingerprint"]
    unticked = browser.post(
        page,
        {**SENT_GROUND, "fingerprint": fingerprint},
    )
    assert unticked.status_code == 422
    assert "First check the chain" in unticked.content.decode()
    ticked = {**SENT_GROUND, "confirmed": "1"}
    stale = browser.post(page, ticked | {"fingerprint": "0" * 32})
    assert stale.status_code == 409
    assert "The chain of contacts or its numbers have changed" in stale.content.decode()
    assert not Evidence.objects.filter(kind=EvidenceKind.CONTACT).exists()
    confirmed = browser.post(page, ticked | {"fingerprint": fingerprint})
    assert confirmed.headers["Location"].startswith("/officer/recomputations/")
    assert "recorded these contacts as evidence" in browser.get(page).content.decode()
    assert f"Inquiry {inquiry.pk} on case" in browser.get("/officer/inquiries").content.decode()


def test_inquiries_of_other_areas_are_not_shown(town: Town) -> None:
    inquiry = town.inquire()
    browser = browser_of(world.officer("3302"))

    assert browser.get(f"/officer/inquiries/{inquiry.pk}").status_code == 403
    assert f"Inquiry {inquiry.pk} on" not in browser.get("/officer/inquiries").content.decode()


def test_a_picture_stays_a_picture_however_long_the_chain() -> None:
    def met(person: int, strength: Strength) -> Encounter:
        return Encounter(
            person, strength, 1, PlaceKind.SHOP, "", NOW, NOW + timedelta(hours=1), NOW, 1
        )

    contacts = [met(n, Strength.CLOSE) for n in range(1, 101)]
    contacts += [met(1, Strength.CASUAL), met(101, Strength.DOUBTFUL)]
    second = [SecondaryEncounter(1, met(200, Strength.CLOSE))]
    window = Window(0, NOW - timedelta(days=1), NOW)

    graph = draw(Chain(window, tuple(contacts), tuple(second)))

    assert len(graph.nodes) == 1 + MOST + 1
    assert len(graph.edges) == MOST + 1
    assert graph.left_out == 101 - MOST
    assert all(0 < node.y < graph.height and node.x < graph.width for node in graph.nodes)
    assert draw(Chain(window, (), ())).left_out == 0


@pytest.mark.parametrize(
    ("period", "status"),
    [
        ({"from": "2020-03-03", "to": "2020-03-03"}, 201),
        ({"from": "2020-03-03", "to": "2020-03-04"}, 422),
        ({"from": "2020-03-03"}, 422),
    ],
    ids=["a day", "two days", "from no hour on"],
)
def test_a_meeting_by_day_is_kept_whole_or_the_time_is_asked_for(
    town: Town, period: dict[str, str], status: int
) -> None:
    inquiry = town.inquire()
    meeting = {"person": town.passing, **SENT_GROUND, **period}

    answer = client_of(town.officer).post(f"{URL}/{inquiry.pk}/meetings", meeting, format="json")

    assert answer.status_code == status, answer.content
    kept = Presence.objects.filter(place__kind="meeting").values_list("starts", "ends").distinct()
    whole = [(shanghai(3, 3), shanghai(3, 4))] if status == 201 else []
    assert list(kept) == whole

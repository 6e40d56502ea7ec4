"""Proposals by the interface: the answer 202, and the confirmation that does what was proposed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel
from healthcode.evidence.models import Evidence
from tests.acts import SENT_GROUND
from tests.areas.conftest import client_of
from tests.colours import world
from tests.confirmation.conftest import PLACE, Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(db: None) -> Office:
    world.publish(world.DEFAULT_TEXT)
    return Office(at=timezone.now())


def put_map(client: APIClient, **frame: object) -> Any:
    body = {
        "effective_from": (timezone.now() - timedelta(hours=1)).isoformat(),
        **SENT_GROUND,
        "levels": [{"code": PLACE, "level": "red"}],
        **frame,
    }
    url = "/api/v1/areas/levels"
    return client.put(url, json.dumps(body), content_type="application/json")


def post(client: APIClient, path: str, **body: object) -> Any:
    return client.post(f"/api/v1/proposals/{path}", {**SENT_GROUND, **body}, format="json")


def test_a_map_is_proposed_read_and_confirmed(office: Office) -> None:
    li, zhou = client_of(office.li), client_of(office.zhou)

    answer = put_map(li)

    assert answer.status_code == 202
    told = answer.json()
    assert told["preview"]["before"] == {"green": 11, "yellow": 0, "red": 0}
    assert told["preview"]["after"] == {"green": 0, "yellow": 0, "red": 11}
    assert (told["preview"]["worse"], told["preview"]["homes"]) == (11, {PLACE: 11})
    assert told["preview"]["facts"]["rose"] == [{"code": PLACE, "before": "green", "after": "red"}]
    number, fingerprint = told["proposal"]["id"], told["proposal"]["fingerprint"]
    assert not AreaLevel.objects.exists()

    (listed,) = zhou.get("/api/v1/proposals").json()["proposals"]
    assert (listed["id"], listed["state"], listed["kind"]) == (
        number,
        "waiting",
        "levels-published",
    )
    read = zhou.get(f"/api/v1/proposals/{number}").json()
    assert read["preview"] == told["preview"]
    assert read["plan"]["levels"] == {PLACE: 4}
    own = post(li, f"{number}/confirmation", fingerprint=fingerprint)
    assert (own.status_code, own.json()["type"]) == (403, "/problems/own-proposal")

    done = post(zhou, f"{number}/confirmation", fingerprint=fingerprint)

    assert done.status_code == 200
    assert [row["code"] for row in done.json()["rose"]] == [PLACE]
    assert Act.objects.get(pk=done.json()["act"]).confirmed_by == office.zhou
    assert AreaLevel.objects.count() == 1
    again = post(zhou, f"{number}/confirmation", fingerprint=fingerprint)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/proposal-decided")
    assert zhou.get(f"/api/v1/proposals/{number}").json()["state"] == "confirmed"


def test_a_withdrawn_case_and_a_withdrawn_proposal(office: Office) -> None:
    li, zhou = client_of(office.li), client_of(office.zhou)
    case = office.case(office.people[0])
    url = f"/api/v1/evidence/{case.pk}/withdrawal"

    answer = li.post(url, SENT_GROUND, format="json")
    assert answer.status_code == 202
    number = answer.json()["proposal"]["id"]
    withdrawn = post(li, f"{number}/withdrawal")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert zhou.get(f"/api/v1/proposals/{number}").json()["act"] is None

    proposal = li.post(url, SENT_GROUND, format="json").json()["proposal"]
    done = post(zhou, f"{proposal['id']}/confirmation", fingerprint=proposal["fingerprint"])
    assert done.status_code == 200
    assert Evidence.objects.get(pk=case.pk).withdrawn_by_id == done.json()["act"]


def test_an_officer_of_a_part_sees_the_numbers_and_not_the_plan(office: Office) -> None:
    number = put_map(client_of(office.li), whole_of="33").json()["proposal"]["id"]
    part = client_of(world.officer(PLACE))

    read = part.get(f"/api/v1/proposals/{number}").json()

    assert (read["preview"]["homes"], read["plan"]) == ({PLACE: 11}, None)
    refused = post(part, f"{number}/confirmation", fingerprint=read["fingerprint"])
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/outside-your-area")
    assert not AreaLevel.objects.exists()


def test_a_proposal_elsewhere_is_not_shown(office: Office) -> None:
    number = put_map(client_of(office.li)).json()["proposal"]["id"]
    elsewhere = client_of(world.officer("31"))
    assert elsewhere.get("/api/v1/proposals").json() == {"proposals": []}
    answer = elsewhere.get(f"/api/v1/proposals/{number}")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/outside-your-area")
    assert elsewhere.get("/api/v1/proposals/999999").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"ground": "short", "fingerprint": "x"}, "/ground"), ({}, "/fingerprint")],
)
def test_a_confirmation_needs_a_ground_and_the_fingerprint(
    office: Office, body: dict[str, str], pointer: str
) -> None:
    number = put_map(client_of(office.li)).json()["proposal"]["id"]
    answer = post(client_of(office.zhou), f"{number}/confirmation", **body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not AreaLevel.objects.exists()

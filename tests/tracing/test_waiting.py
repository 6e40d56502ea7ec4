"""Carriers name passengers by document; the answer does not tell who is registered."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Identity, Person
from accounts.rosters import PLAIN, replace_roster
from accounts.selectors import find_person
from accounts.services import resident_account
from accounts.waiting import forget_waiting
from healthcode.areas.models import Area
from healthcode.colours.recompute import run
from healthcode.scan_tracing.inquiries import place_waiting
from healthcode.tracing.models import Membership, Presence
from tests.acts import SENT_GROUND
from tests.evidence.conftest import reporting
from tests.officers.inquiries.test_inquiries import browser_of, client_of
from tests.tracing.conftest import NOW, Town
from tests.tracing.test_presences import line, send

pytestmark = pytest.mark.clock

PASSPORT, NAME, PHONE = "E99999999", "王小明", "+8613900000001"
UNKNOWN = {"id_type": "20", "id_number": PASSPORT}


@pytest.fixture
def railway(db: None) -> Account:
    for code, name in {"3301": "杭州市", "330106": "西湖区"}.items():
        Area.objects.get_or_create(code=code, defaults={"name": name})
    return reporting("railway", "3301")


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def passenger(number: str = PASSPORT, **members: Any) -> dict[str, Any]:
    """Return a line that names its person by a passport."""
    named = line(0)
    del named["person"]
    return named | {"id_type": "20", "id_number": number} | members


def register(at: Any) -> tuple[APIClient, Any]:
    """Register the document as its holder, whom the register knows, at `at`."""
    replace_roster([",".join(PLAIN), f"20,{PASSPORT},{NAME},{PHONE}"], on=at.date())
    client = client_of(resident_account(phone=PHONE))
    given = {"name": NAME, "home_area": "330106", "relation": "self", **UNKNOWN}
    answer = client.post("/api/v1/people", given, format="json")
    assert answer.status_code == 201, answer.content
    return client, answer.json()


def test_a_passenger_who_registers_after_the_inquiry_is_red_at_once(
    town: Town, railway: Account
) -> None:
    assert send(client_of(railway), line(town.case), passenger(row=9)).status_code == 201
    waiting = Person.objects.get(is_waiting=True)
    assert (waiting.home_area, find_person(**UNKNOWN)) == ("3301", None)
    officer = client_of(town.officer)
    opened = officer.post(
        "/api/v1/inquiries", {"case": town.evidence.pk, **SENT_GROUND}, format="json"
    ).json()
    place_waiting(at=NOW)
    shown = officer.get(f"/api/v1/inquiries/{opened['id']}").json()
    assert {"person": waiting.pk, "strength": "close"} in [
        {name: met[name] for name in ("person", "strength")} for met in shown["contacts"]
    ]
    page = browser_of(town.officer).get(f"/officer/inquiries/{opened['id']}")
    assert page.status_code == 200
    assert PASSPORT not in page.content.decode()
    confirmed = officer.post(
        f"/api/v1/inquiries/{opened['id']}/confirmation",
        {**SENT_GROUND, "fingerprint": shown["fingerprint"]},
        format="json",
    )
    run(confirmed.json()["recomputation"])
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        client, person = register(NOW)
        assert person["id"] == waiting.pk
        colour = client.get(f"/api/v1/people/{person['id']}/colour").json()
    assert colour["colour"] == "red"


def test_presences_alone_leave_a_claim_open(town: Town, railway: Account) -> None:
    """They give no colour, and nobody sees them before an officer has confirmed contacts."""
    send(client_of(railway), passenger())
    client = client_of(resident_account(phone=PHONE))
    given = {"name": NAME, "home_area": "330106", "relation": "self", **UNKNOWN}
    person = client.post("/api/v1/people", given, format="json").json()
    declared = {"person": person["id"], "symptoms": [], "stays": [], "contact_with_case": False}
    assert client.post("/api/v1/declarations", declared, format="json").status_code == 201
    assert client.get(f"/api/v1/people/{person['id']}/export").status_code == 403


def test_the_answer_is_the_same_for_the_registered(railway: Account) -> None:
    source = client_of(railway)
    register(NOW)
    answers = [send(source, passenger(number)) for number in (PASSPORT, "E88888888")]
    assert [(one.status_code, one.json()) for one in answers] == [(201, {"accepted": 1})] * 2
    assert Presence.objects.count() == 2


def test_number_and_document_are_the_same_person(railway: Account) -> None:
    source = client_of(railway)
    _client, person = register(NOW)
    at_home = {"kind": "household", "place": "home", "to": None, "carriage": None, "row": None}
    for holder in (line(person["id"]), passenger()):
        assert send(source, holder, holder | at_home).status_code == 201
    assert Presence.objects.get().person_id == Membership.objects.get().person_id == person["id"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"id_number": "E1"}, "/presences/1/id_number"),
        ({"id_type": "10"}, "/presences/1/id_number"),
        ({"id_type": "21"}, "/presences/1/id_type"),
        ({"person": 1}, "/presences/1"),
    ],
)
def test_one_wrong_document_stores_nobody(
    railway: Account, change: dict[str, Any], pointer: str
) -> None:
    answer = send(client_of(railway), passenger(), passenger("E88888888") | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert not Person.objects.exists()
    assert not Presence.objects.exists()


def test_a_source_without_a_grant_makes_nobody_wait(db: None) -> None:
    answer = send(client_of(reporting("hotel", kinds=["stays"])), passenger())
    assert answer.json()["type"] == "/problems/outside-your-grant"
    assert not Identity.objects.exists()


def test_who_was_on_a_train_waits_as_long_as_the_presence_is_kept(railway: Account) -> None:
    send(client_of(railway), passenger())
    assert forget_waiting(at=NOW + timedelta(days=1)) == 0
    Presence.objects.all().delete()
    assert forget_waiting(at=NOW + timedelta(days=1)) == 1


def test_a_train_takes_as_many_queries_as_two_passengers(railway: Account) -> None:
    source = client_of(railway)
    send(source, passenger())
    counts = []
    for first, number in ((1000, 2), (2000, 500)):
        passengers = [passenger(f"E{first + n:08}", row=1 + n % 20) for n in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert send(source, *passengers).status_code == 201
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Presence.objects.count() == Person.objects.filter(is_waiting=True).count() == 503

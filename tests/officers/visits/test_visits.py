"""Somebody without a telephone comes to the desk, and leaves with a card."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pypdfium2
import pytest
import time_machine
import zxingcpp
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, Guardianship, IdentityProof, Person, Relation, Role
from accounts.rosters import PLAIN, replace_roster
from accounts.services import register_person, resident_account
from healthcode.acts.kinds import ActKind
from healthcode.acts.looks import looks_export
from healthcode.acts.models import Act
from healthcode.codes.models import StatusList
from healthcode.codes.services import issue_code
from healthcode.codes.status_lists import editions
from healthcode.colours.models import PersonColour
from healthcode.core import Colour, Kind, decode
from healthcode.evidence.models import Evidence
from tests.acts import SENT_GROUND
from tests.codes.conftest import at_the_door
from tests.colours import world as colours
from tests.evidence.conftest import HOME, World, declaration, staff

pytestmark = pytest.mark.clock

ClientFor = Callable[[Account], APIClient]
URL: Final = "/api/v1/documents-seen"
PHONE: Final = "+8613900000001"
GRANDMOTHER: Final = {
    "name": "王秀英",
    "id_type": "20",
    "id_number": "E30000001",
    "home_area": HOME,
    "document_seen": True,
    **SENT_GROUND,
}
WELL: Final = {"symptoms": [], "stays": [], "contact_with_case": False, **SENT_GROUND}
WELL_FORM: Final = {"unwell": "no", "contact": "no", "elsewhere": "no", **SENT_GROUND}


def see(client: APIClient, **more: Any) -> dict[str, int]:
    """Let the officer see the grandmother's document; return her number and that of the act."""
    answer = client.post(URL, GRANDMOTHER | more, format="json")
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def declared(client: APIClient, visit: int, **more: Any) -> Any:
    return client.post(f"{URL}/{visit}/declaration", WELL | more, format="json")


def card(client: Client, visit: int) -> Any:
    return client.get(f"{URL}/{visit}/card.pdf")


def read_card(pdf: bytes) -> str:
    """Return the code on a card, as a scanner reads it from paper."""
    (page,) = pypdfium2.PdfDocument(pdf)
    picture = page.render(scale=3).to_pil()
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return str(found.text)


def claim(now: datetime, phone: str = "+8613800000009") -> Account:
    """Let a stranger type the number of the grandmother's document."""
    stranger = resident_account(phone=phone)
    who = {name: str(GRANDMOTHER[name]) for name in ("id_type", "id_number", "home_area")}
    given = {"relation": "self", "name": "别人", "phone": None, **who}
    register_person(account=stranger, at=now, **given)
    return stranger


def test_a_grandmother_without_a_phone_leaves_with_a_card(
    world: World, officer_client: APIClient
) -> None:
    seen = see(officer_client)
    assert not Guardianship.objects.filter(person=seen["person"]).exists()
    refused = card(officer_client, seen["act"])
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/declare-first")
    answer = declared(officer_client, seen["act"])
    assert answer.status_code == 201
    assert answer.json().keys() == {"act"}
    printed = card(officer_client, seen["act"])
    assert printed["Content-Type"] == "application/pdf"
    assert printed["Cache-Control"] == "no-store"
    code = decode(read_card(printed.content))
    assert (code.code.colour, code.code.kind) == (Colour.GREEN, Kind.PAPER)
    act = Act.objects.get(pk=answer.json()["act"])
    assert (act.kind, act.worse) == (ActKind.DECLARATION_ENTERED, 0)
    assert act.detail == {"person": seen["person"], "document_seen": seen["act"]}
    (fact,) = Evidence.objects.filter(person=seen["person"])
    assert (fact.source, fact.detail["act"]) == (world.officer, act.pk)


def test_the_person_sees_that_an_officer_printed_the_card(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    seen = see(officer_client)
    declared(officer_client, seen["act"])
    later = now + timedelta(hours=1)
    assert not looks_export(seen["person"], at=later)
    for _ in range(2):
        assert card(officer_client, seen["act"]).status_code == 200
    (look,) = looks_export(seen["person"], at=later)
    assert (look["what"], look["ground"]) == ("card", SENT_GROUND["ground"])


def test_the_colour_on_the_card_is_from_everything_known(
    world: World, officer_client: APIClient, source_client: APIClient, now: datetime
) -> None:
    case = {name: GRANDMOTHER[name] for name in ("id_type", "id_number")}
    line = {**case, "status": "confirmed", "confirmed_at": (now - timedelta(days=1)).isoformat()}
    assert source_client.post("/api/v1/evidence/cases", line, format="json").status_code == 201
    seen = see(officer_client)
    assert declared(officer_client, seen["act"]).status_code == 201
    code = read_card(card(officer_client, seen["act"]).content)
    assert decode(code).code.colour is Colour.RED
    assert at_the_door(code, at=now).reason == "red"


def test_what_the_person_declares_decides_the_colour_and_can_be_taken_back(
    world: World, officer_client: APIClient
) -> None:
    seen = see(officer_client)
    entered = declared(officer_client, seen["act"], contact_with_case=True).json()["act"]
    row = PersonColour.objects.get(person=seen["person"])
    assert (row.colour, Act.objects.get(pk=entered).worse) == (Colour.RED, 1)
    taken = officer_client.post(f"/api/v1/acts/{entered}/withdrawal", SENT_GROUND, format="json")
    assert taken.status_code == 201, taken.content
    assert not Evidence.objects.filter(person=seen["person"], withdrawn_by=None).exists()


def test_one_officer_alone_enters_only_so_many_contacts(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    quiet = colours.QUIET_TEXT.replace("version = 2", "version = 3")
    colours.publish(quiet, holds_from=now - timedelta(hours=1))
    statuses = []
    for n in range(11):
        seen = see(officer_client, id_number=f"E4{n:07}")
        answer = declared(officer_client, seen["act"], contact_with_case=True)
        statuses.append(answer.status_code)
    assert statuses == [201] * 10 + [409]
    assert PersonColour.objects.filter(colour=Colour.RED).count() == 10
    assert declared(officer_client, seen["act"]).status_code == 201


def test_a_visit_belongs_to_one_officer_for_an_hour(
    world: World, officer_client: APIClient, client_of: ClientFor, now: datetime
) -> None:
    visits = []
    for minutes in (59, 61):
        with time_machine.travel(now - timedelta(minutes=minutes)):
            visits.append(see(officer_client)["act"])
    declared(officer_client, visits[0])
    colleague = client_of(staff("colleague", Role.OFFICER, "33"))
    for client, visit, statuses in (
        (officer_client, visits[0], (201, 200)),
        (officer_client, visits[1], (404, 404)),
        (colleague, visits[0], (404, 404)),
    ):
        answers = declared(client, visit), card(client, visit)
        assert tuple(answer.status_code for answer in answers) == statuses


def test_with_a_telephone_nobody_prints_a_card(world: World, officer_client: APIClient) -> None:
    """Whoever has the code on a phone prints it there, and no officer needs to see it."""
    resident_account(phone=PHONE)
    seen = see(officer_client, phone=PHONE)
    assert card(officer_client, seen["act"]).status_code == 404
    assert declared(officer_client, seen["act"]).status_code == 404


def test_other_acts_are_no_visits(world: World, officer_client: APIClient) -> None:
    seen = see(officer_client)
    other = declared(officer_client, seen["act"]).json()["act"]
    assert card(officer_client, other).status_code == 404
    assert card(officer_client, 10**18).status_code == 404


def test_the_document_ends_what_others_only_typed(
    world: World, officer_client: APIClient, client_of: ClientFor, now: datetime
) -> None:
    stranger = claim(now)
    client = client_of(stranger)
    person = client.get("/api/v1/people").json()[0]["id"]
    client.post("/api/v1/declarations", declaration(person), format="json")
    code = issue_code(account=stranger, person_id=person, kind=Kind.LIVE, at=now).code
    assert at_the_door(code, at=now).reason == "ok"
    assert see(officer_client)["person"] == person
    assert client.get(f"/api/v1/people/{person}/code").status_code == 404
    StatusList.objects.update(seen="")  # The list before was made in this very transaction.
    editions.publish(at=now)
    assert at_the_door(code, at=now).reason == "superseded"


def test_who_has_proven_to_look_after_her_keeps_her(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    resident_account(phone=PHONE)
    first = see(officer_client, phone=PHONE, relation="parent")
    again = see(officer_client)
    assert again["person"] == first["person"]
    (kept,) = Guardianship.objects.filter(person=first["person"])
    assert (kept.relation, kept.proof) == (Relation.PARENT, IdentityProof.DOCUMENT)


def test_a_guardian_can_be_added_later_at_the_desk(
    world: World, officer_client: APIClient, client_of: ClientFor
) -> None:
    person = see(officer_client)["person"]
    daughter = resident_account(phone=PHONE)
    assert see(officer_client, phone=PHONE, relation="parent")["person"] == person
    client = client_of(daughter)
    (known,) = client.get("/api/v1/people").json()
    assert (known["id"], known["relation"], known["proof"]) == (person, "parent", "document")
    client.post("/api/v1/declarations", declaration(person), format="json")
    assert client.get(f"/api/v1/people/{person}/code").status_code == 200


def test_nobody_claims_a_document_that_an_officer_has_seen(
    world: World, officer_client: APIClient, client_of: ClientFor, now: datetime
) -> None:
    see(officer_client)
    stranger = client_of(resident_account(phone="+8613800000009"))
    who = {name: GRANDMOTHER[name] for name in ("name", "id_type", "id_number", "home_area")}
    answer = stranger.post("/api/v1/people", who, format="json")
    assert answer.json()["type"] == "/problems/document-already-registered"
    replace_roster([",".join(PLAIN), f"20,E30000001,王秀英,{PHONE}"], on=now.date())
    herself = client_of(resident_account(phone=PHONE))
    assert herself.post("/api/v1/people", who, format="json").json()["proof"] == "register"


def test_an_officer_of_another_area_registers_nobody_here(
    world: World, client_of: ClientFor
) -> None:
    elsewhere = client_of(staff("officer-31", Role.OFFICER, "31"))
    answer = elsewhere.post(URL, GRANDMOTHER, format="json")
    assert answer.json()["type"] == "/problems/outside-your-area"
    assert not Person.objects.filter(identity__id_type="20", guardianships=None).exists()


@pytest.mark.parametrize(
    ("language", "button"), [("en", ">Print the card<"), ("zh-hans", ">打印卡<")]
)
def test_the_pages_lead_from_the_document_to_the_card(
    world: World, language: str, button: str
) -> None:
    browser = Client()
    browser.cookies["language"] = language
    browser.force_login(world.officer)
    sent = {**GRANDMOTHER, "relation": "self", "phone": "", "document_seen": "1"}
    answer = browser.post("/officer/document", sent)
    assert answer.status_code == 302, answer.content.decode()
    page = browser.get(answer.url)
    assert button not in page.content.decode()
    assert "E30000001" not in page.content.decode()
    empty = browser.post(answer.url, SENT_GROUND)
    assert empty.status_code == 422
    no_ground = browser.post(answer.url, {**WELL_FORM, "ground": "no"})
    assert no_ground.status_code == 422
    assert browser.get(f"{answer.url}/card.pdf").url == answer.url
    assert browser.post(answer.url, WELL_FORM).url == answer.url
    assert button in browser.get(answer.url).content.decode()
    printed = browser.get(f"{answer.url}/card.pdf")
    assert decode(read_card(printed.content)).code.colour is Colour.GREEN
    with time_machine.travel(datetime.now().astimezone() + timedelta(minutes=61)):
        browser.force_login(world.officer)
        assert browser.get(answer.url).status_code == 404
        assert browser.get(f"{answer.url}/card.pdf").status_code == 404

"""An officer corrects a name, a home or a document number, and the person reads it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts import vault
from accounts.admission import NewPerson
from accounts.corrections import Correction
from accounts.corrections import correct as apply_correction
from accounts.holder_errors import (
    NothingToCorrect,
    NumberReported,
    TwoRegistrations,
)
from accounts.models import Account, Identity, Person, Role
from accounts.selectors import find_person, masked_name, registration_of
from accounts.waiting import people_with
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log import sequencer
from healthcode.acts.models import Act, PersonLook
from healthcode.acts.services import record_act
from healthcode.acts.told import acts_about
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.core import Colour
from healthcode.core.log.proofs import parse_proof
from healthcode.officers.corrections.errors import CorrectedWhenGreen
from healthcode.officers.corrections.services import correct_registration
from healthcode.officers.proofs.services import see_document
from healthcode.officers.registrations.services import merge
from healthcode.residents.declarations.services import declare
from healthcode.web.errors import Forbidden, InvalidInput, NotFound, Refusal
from tests.accounts.proving import proves_itself
from tests.acts import GROUND, SENT_GROUND
from tests.codes.conftest import FEVERISH, HEALTHY
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World, staff

DOCUMENT = ("20", ZHANGS_PASSPORT)
SECRETS = ("张珊", "E20000009", "330203")


def correct(world: World, right: Correction, now: datetime, **other: Any) -> Act:
    given = {"account": world.officer, "holder": world.person.pk, **other}
    return correct_registration(right=right, ground=GROUND, at=now, **given)[1]


def test_a_misspelt_name_is_corrected_and_ends_the_codes(world: World, now: datetime) -> None:
    declare(account=world.zhang, person=world.person, declaration=HEALTHY, at=now)
    before = PersonColour.objects.get(person=world.person)
    act = correct(world, Correction(name="李珊"), now, holder=DOCUMENT)
    assert registration_of(world.person.pk)["name"] == "李珊"
    assert masked_name(world.person.pk) == "李*"
    change = ColourChange.objects.latest("pk")
    assert (change.person_id, change.number) == (world.person.pk, before.changes + 1)
    assert act.detail == {"person": world.person.pk, "corrected": ["name"]}


def test_a_telephone_that_changes_meanwhile_stays_changed(world: World, now: datetime) -> None:
    person = Person.objects.select_related("identity").get(pk=world.person.pk)
    row = bytes(person.identity.number_index)
    number, field = "+8613900139089", vault.Field.PHONE
    Identity.objects.filter(person=person).update(
        phone_index=vault.index("phone", number),
        phone_sealed=vault.seal(number, field=field, row=row),
    )
    apply_correction(person=person, right=Correction(name="李珊"), at=now)
    assert registration_of(person.pk)["phone"] == number


def test_everything_is_corrected_at_once_and_the_act_names_no_datum(
    world: World, now: datetime
) -> None:
    Identity.objects.filter(person=world.person).update(
        phone_index=vault.index("phone", "+8613800000001"),
        phone_sealed=vault.seal(
            "+8613800000001",
            field=vault.Field.PHONE,
            row=bytes(Identity.objects.get(person=world.person).number_index),
        ),
    )
    act = correct(world, Correction("张珊", "20", "E20000009", "330203"), now)
    said = registration_of(world.person.pk)
    assert (said["name"], said["id_number"], said["home_area"]) == SECRETS
    assert said["phone"] == "+8613800000001"
    assert find_person(id_type="20", id_number="E20000009") == world.person.pk
    assert find_person(id_type="20", id_number=ZHANGS_PASSPORT) is None
    assert act.detail["corrected"] == ["document", "home", "name"]
    assert not [secret for secret in SECRETS if secret in str(act.detail)]
    assert act.area == HOME


@pytest.mark.parametrize(
    ("right", "refusal"),
    [
        (Correction(), NothingToCorrect),
        (Correction(name="张三"), NothingToCorrect),
        (Correction("张三", *DOCUMENT, HOME), NothingToCorrect),
        (Correction(id_type="20", id_number="E10000003"), TwoRegistrations),
        (Correction(id_type="20", id_number="E30000003"), NumberReported),
        (Correction(id_type="10", id_number="1234"), InvalidInput),
        (Correction(name="!"), InvalidInput),
        (Correction(home_area="999999"), InvalidInput),
    ],
)
def test_what_cannot_be_corrected_is_refused_as_a_whole(
    world: World, now: datetime, right: Correction, refusal: type[Refusal]
) -> None:
    people_with([("20", "E30000003")], home=HOME, at=now)
    before = registration_of(world.person.pk)
    with pytest.raises(refusal):
        correct(world, right, now)
    assert registration_of(world.person.pk) == before
    assert not Act.objects.filter(kind="registration-corrected").exists()


def test_the_number_of_somebody_who_is_not_green_is_not_freed(world: World, now: datetime) -> None:
    declare(account=world.zhang, person=world.person, declaration=FEVERISH, at=now)
    with pytest.raises(CorrectedWhenGreen):
        correct(world, Correction(id_type="20", id_number="E20000009"), now)
    assert find_person(id_type="20", id_number=ZHANGS_PASSPORT) == world.person.pk
    correct(world, Correction(name="张珊"), now)


def test_until_then_the_right_number_has_the_same_colour(world: World, now: datetime) -> None:
    """The sentence says how: somebody red must not have a green code at the desk."""
    declare(account=world.zhang, person=world.person, declaration=FEVERISH, at=now)
    with pytest.raises(CorrectedWhenGreen) as refusal:
        correct(world, Correction(id_type="20", id_number="E20000009"), now)
    desk = Client()
    desk.force_login(world.officer)
    named = re.findall("“(.*?)”", str(refusal.value.detail))
    for address, heading in zip(("document", "registrations"), named, strict=True):
        page = desk.get(f"/officer/{address}")
        assert f"<h1>{heading}</h1>" in page.content.decode()
    seen = NewPerson("张三", "20", "E20000009", HOME)
    by = {"account": world.officer, "ground": GROUND, "at": now}
    right, _act = see_document(phone="13800000001", relation=None, seen=seen, **by)
    merge(person=world.person.pk, other=right.pk, **by)
    before = PersonColour.objects.get(person=world.person).colour
    assert before != Colour.GREEN
    assert PersonColour.objects.get(person=right).colour == before


def test_officers_answer_for_the_old_home_or_with_the_document_for_the_new_one(
    world: World, now: datetime
) -> None:
    ningbo, shanghai = staff("ningbo", Role.OFFICER, "3302"), staff("sh", Role.OFFICER, "31")
    moves = Correction(home_area="330203")
    for account, holder, right in (
        (shanghai, DOCUMENT, moves),
        (ningbo, world.person.pk, moves),
        (ningbo, DOCUMENT, Correction(name="张珊")),
        (ningbo, ("20", "E90000009"), moves),
    ):
        with pytest.raises(NotFound):
            correct(world, right, now, account=account, holder=holder)
    assert correct(world, moves, now, account=ningbo, holder=DOCUMENT).area == "330203"
    with pytest.raises(Forbidden):
        correct(world, moves, now, account=world.zhang)


def test_the_person_reads_who_corrected_what_and_keeps_the_proof(
    world: World, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    log_keys.make_keys(at=now)
    Account.objects.filter(pk=world.officer.pk).update(username="wang.fang")
    act = correct(world, Correction(name="张珊"), now)
    meeting: dict[str, object] = {"inquiry": 1, "case": 1, "person": world.person.pk}
    of_an_inquiry: dict[str, Any] = {
        "kind": ActKind.MEETING_DECLARED,
        "area": HOME,
        "detail": meeting,
    }
    record_act(account=world.officer, role=Role.OFFICER, ground=GROUND, at=now, **of_an_inquiry)
    sequencer.extend(at=now)
    client = client_of(world.zhang)
    path = f"/api/v1/people/{world.person.pk}"
    (told,) = client.get(f"{path}/acts").json()
    assert (told["act"], told["kind"], told["corrected"], told["area"]) == (
        act.pk,
        "registration-corrected",
        ["name"],
        HOME,
    )
    assert told["ground"] == GROUND.text
    proves_itself(world.zhang)
    assert client.get(f"{path}/export").json()["acts"] == [told]
    assert client.get(f"/api/v1/people/{world.stranger.pk}/acts").status_code == 404
    browser = Client()
    browser.force_login(world.zhang)
    page = browser.get(f"/people/{world.person.pk}/data").content.decode()
    assert f"acts/{act.pk}.tlog-proof" in page
    assert "wang.fang" not in page
    proof = browser.get(f"/people/{world.person.pk}/acts/{act.pk}.tlog-proof")
    assert str(world.person.pk).encode() in parse_proof(proof.content).record
    other = browser.get(f"/people/{world.child.pk}/acts/{act.pk}.tlog-proof")
    assert other.status_code == 404


def test_the_acts_about_a_person_are_found_by_an_index(world: World, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = acts_about(world.person.pk).explain()
    assert "acts_about_person" in plan
    assert "acts_about_registrations" in plan


def test_the_interface_asks_whether_the_document_was_seen(
    world: World, officer_client: APIClient
) -> None:
    sent = {"id_type": "20", "id_number": ZHANGS_PASSPORT, "name": "张珊", **SENT_GROUND}
    url = "/api/v1/corrections"
    unseen = officer_client.post(url, sent | {"document_seen": False}, format="json")
    assert unseen.json()["errors"][0]["pointer"] == "/document_seen"
    wrong = {"document": {"id_type": "10", "id_number": "1"}, "document_seen": True}
    refused = officer_client.post(url, sent | wrong, format="json")
    assert refused.json()["errors"][0]["pointer"] == "/document"
    done = officer_client.post(url, sent | {"document_seen": True}, format="json")
    assert (done.status_code, done.json()["corrected"]) == (201, ["name"])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_shows_what_is_registered_and_then_corrects_it(
    world: World, language: str
) -> None:
    desk = Client()
    desk.cookies["language"] = language
    desk.force_login(world.officer)
    url, holder = "/officer/correction", {"id_type": "20", "id_number": ZHANGS_PASSPORT}
    assert url in desk.get("/officer").content.decode()
    assert "right_number" not in desk.get(url).content.decode()
    assert desk.post(url, {**holder, "step": "look"}).status_code == 422
    assert desk.post(url, {"step": "look", **SENT_GROUND}).status_code == 422
    for who in (holder, {"person": str(world.person.pk)}):
        shown = desk.post(url, {**who, "step": "look", **SENT_GROUND}).content.decode()
        assert "张*" in shown
        assert "张三" not in shown
    assert PersonLook.objects.get().what == LookKind.REGISTRATION
    form = {**holder, "step": "correct", "name": "张珊", **SENT_GROUND}
    assert desk.post(url, form).status_code == 422
    wrong = {**form, "right_type": "10", "right_number": "1", "document_seen": "1"}
    assert "right_number-fault" in desk.post(url, wrong).content.decode()
    assert desk.post(url, form | {"document_seen": "1"}).url == url
    assert registration_of(world.person.pk)["name"] == "张珊"


def test_nobody_who_waits_is_corrected(world: World, now: datetime) -> None:
    waiting = people_with([("20", "E30000003")], home=HOME, at=now)[("20", "E30000003")]
    with pytest.raises(NotFound):
        correct(world, Correction(name="张珊"), now, holder=waiting)
    assert Person.objects.get(pk=waiting).is_waiting

"""Somebody types a number: what they see of the person, and how the rightful holder takes over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.admission import NewPerson
from accounts.errors import DocumentAlreadyRegistered, ProofNeeded
from accounts.guardians import CLAIM_LIFE
from accounts.holder_errors import NameDiffers
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation
from accounts.rosters import PLAIN, replace_roster
from accounts.selectors import registration_of
from accounts.services import issue_token, register_person, resident_account
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.codes import keys
from healthcode.codes.models import SigningKey
from healthcode.codes.selectors import code_input
from healthcode.codes.status_lists import indexes
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.evidence.claims import person_proven_to, person_shown_to
from healthcode.officers.proofs.services import see_document
from healthcode.residents.declarations.services import declare
from tests.accounts.proving import proves_itself
from tests.acts import GROUND
from tests.codes.conftest import HEALTHY
from tests.evidence.conftest import HOME, World, declaration

PASSPORT, NAME = "E20000001", "王小明"
RIGHTFUL = "+8613900000001"
ClientOf = Callable[[Account], APIClient]


def register(account: Account, now: datetime, **other: Any) -> Person:
    given = {"relation": None, "name": NAME, "phone": None, "home_area": HOME, **other}
    return register_person(account=account, id_type="20", id_number=PASSPORT, at=now, **given)


@pytest.fixture
def stranger(world: World) -> Account:
    return resident_account(phone="+8613800000009")


@pytest.fixture
def rightful(world: World) -> Account:
    return resident_account(phone=RIGHTFUL)


@pytest.fixture
def signing_key(db: None, now: datetime) -> SigningKey:
    keys.keyring.forget()
    indexes.known_parts.forget()
    return keys.make_key(starts=now - timedelta(days=1), signs_for=timedelta(days=90))


@pytest.fixture
def claimed(stranger: Account, signing_key: SigningKey, now: datetime) -> Person:
    """The stranger has typed the document's number, and declares healthy."""
    person = register(stranger, now, name="别人", home_area="330203")
    declare(account=stranger, person=person, declaration=HEALTHY, at=now)
    return person


def load_roster(now: datetime, phone: str = RIGHTFUL) -> None:
    replace_roster([",".join(PLAIN), f"20,{PASSPORT},{NAME},{phone}"], on=now.date())


def report(source: APIClient, person: Person, kind: str = "tests", **more: Any) -> None:
    line = {"person": person.pk, "result": "negative", "sampled_at": "2020-03-01T08:00:00+08:00"}
    assert source.post(f"/api/v1/evidence/{kind}", more or line, format="json").status_code == 201


def token_of(account: Account) -> str:
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    return issue_token(account=account, label="", expires_at=expires_at)


def statuses(client: APIClient, person: Person) -> dict[str, int]:
    path = f"/api/v1/people/{person.pk}"
    well = {"person": person.pk, "temperature": 36.5, "symptoms": []}
    return {
        "code": client.get(f"{path}/code").status_code,
        "colour": client.get(f"{path}/colour").status_code,
        "check-in": client.post("/api/v1/check-ins", well, format="json").status_code,
        "export": client.get(f"{path}/export").status_code,
        "looks": client.get(f"{path}/looks").status_code,
        "erasure": client.post(f"{path}/erasure", {"person": person.pk}, format="json").status_code,
    }


def test_a_claim_is_shown_what_it_said_itself_and_exports_nothing(
    claimed: Person, stranger: Account, client_of: ClientOf
) -> None:
    assert statuses(client_of(stranger), claimed) == {
        "code": 200,
        "colour": 200,
        "check-in": 201,
        "export": 403,
        "looks": 403,
        "erasure": 403,
    }


def test_a_negative_test_of_somebody_else_closes_a_claim(
    claimed: Person, stranger: Account, source_client: APIClient, client_of: ClientOf
) -> None:
    report(source_client, claimed)
    client = client_of(stranger)
    assert set(statuses(client, claimed).values()) == {403}
    refused = client.get(f"/api/v1/people/{claimed.pk}/code").json()
    assert refused["type"].endswith("/proof-needed")
    assert "service desk" in refused["detail"]


def test_a_claim_closes_after_a_week_whatever_was_reported(
    claimed: Person, stranger: Account, now: datetime
) -> None:
    until = Guardianship.objects.get(person=claimed).since + CLAIM_LIFE
    moment = timedelta(microseconds=1)
    person_shown_to(stranger, claimed.pk, at=until - moment)
    code_input(account=stranger, person_id=claimed.pk, at=until - moment)
    for asked in (
        lambda: person_shown_to(stranger, claimed.pk, at=until),
        lambda: code_input(account=stranger, person_id=claimed.pk, at=until),
        lambda: person_proven_to(stranger, claimed.pk),
    ):
        with pytest.raises(ProofNeeded):
            asked()


def test_without_a_proof_nobody_registers_what_another_claims(
    claimed: Person, rightful: Account, now: datetime
) -> None:
    load_roster(now, phone="+8613900000002")
    with pytest.raises(DocumentAlreadyRegistered):
        register(rightful, now)


def test_a_proof_takes_over_from_a_claim(
    claimed: Person,
    stranger: Account,
    rightful: Account,
    client_of: ClientOf,
    source_client: APIClient,
    now: datetime,
) -> None:
    report(source_client, claimed)
    changes = PersonColour.objects.get(person=claimed).changes
    load_roster(now)
    assert register(rightful, now) == claimed
    client = client_of(rightful)
    (known,) = client.get("/api/v1/people").json()
    assert (known["relation"], known["proof"], known["home_area"]) == ("self", "register", HOME)
    proves_itself(rightful)
    assert client.get(f"/api/v1/people/{claimed.pk}/export").json()["registration"]["name"] == NAME
    assert client.get(f"/api/v1/people/{claimed.pk}/code").status_code == 200
    assert set(statuses(client_of(stranger), claimed).values()) == {404}
    change = ColourChange.objects.latest("pk")
    assert change.person_id == claimed.pk
    assert change.number > changes
    assert change.before == change.after == PersonColour.objects.get(person=claimed).colour


def test_a_proof_by_the_register_does_not_take_over_from_another(
    claimed: Person, rightful: Account, now: datetime
) -> None:
    load_roster(now)
    register(rightful, now)
    load_roster(now, phone="+8613900000002")
    with pytest.raises(DocumentAlreadyRegistered):
        register(resident_account(phone="+8613900000002"), now)


def test_who_has_claimed_can_ask_again(
    claimed: Person, stranger: Account, client_of: ClientOf, now: datetime
) -> None:
    client, path = client_of(stranger), f"/api/v1/people/{claimed.pk}/proof"
    assert client.post(path).status_code == 403
    roster = [",".join(PLAIN), f"20,{PASSPORT},别人,13800000009"]
    replace_roster(roster, on=now.date())
    assert client.post(path).json()["proof"] == "register"
    assert person_proven_to(stranger, claimed.pk) == claimed
    assert not ColourChange.objects.filter(person=claimed).exists()


def test_a_declaration_asks_the_register_once_a_day(
    claimed: Person, stranger: Account, source_client: APIClient, client_of: ClientOf, now: datetime
) -> None:
    """So the proof comes without looking for its page, also if the claim is closed by now."""
    report(source_client, claimed)
    client, sent = client_of(stranger), declaration(claimed.pk)
    assert client.post("/api/v1/declarations", sent, format="json").status_code == 403
    replace_roster([",".join(PLAIN), f"20,{PASSPORT},别人,13800000009"], on=now.date())
    assert client.post("/api/v1/declarations", sent, format="json").status_code == 403
    with time_machine.travel(now + timedelta(days=1, minutes=1)):
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_of(stranger)}")
        assert client.post("/api/v1/declarations", sent, format="json").status_code == 201
    assert Guardianship.objects.get(person=claimed).proof == IdentityProof.REGISTER


def test_a_declared_page_asks_the_register_too(
    claimed: Person, stranger: Account, client: Any, now: datetime
) -> None:
    replace_roster([",".join(PLAIN), f"20,{PASSPORT},别人,13800000009"], on=now.date())
    client.force_login(stranger)
    sent = {"unwell": "no", "contact": "no", "elsewhere": "no"}
    assert client.post(f"/people/{claimed.pk}/declare", sent).status_code == 302
    assert Guardianship.objects.get(person=claimed).proof == IdentityProof.REGISTER


def test_the_document_that_an_officer_saw_ends_every_other_claim_to_be_its_holder(
    world: World, claimed: Person, stranger: Account, rightful: Account, now: datetime
) -> None:
    load_roster(now, phone="+8613900000002")
    register(resident_account(phone="+8613900000002"), now)
    seen = NewPerson(NAME, "20", PASSPORT, HOME)
    person, act = see_document(
        account=world.officer, phone=RIGHTFUL, relation=None, seen=seen, ground=GROUND, at=now
    )
    assert person == claimed
    (left,) = Guardianship.objects.filter(person=claimed)
    assert (left.account, left.proof) == (rightful, IdentityProof.DOCUMENT)
    assert (left.relation, left.act) == (Relation.SELF, act.pk)
    assert Act.objects.get(pk=act.pk).kind == ActKind.DOCUMENT_SEEN


def test_a_number_that_an_officer_mistyped_takes_nobody_from_their_guardian(
    world: World, claimed: Person, stranger: Account, rightful: Account, now: datetime
) -> None:
    seen = NewPerson("别人", "20", PASSPORT, HOME)
    act = {"account": world.officer, "relation": None, "ground": GROUND, "at": now}
    load_roster(now)
    register(rightful, now)
    with pytest.raises(NameDiffers):
        see_document(phone="13800000009", seen=seen, **act)
    assert [one.account for one in Guardianship.objects.filter(person=claimed)] == [rightful]
    assert registration_of(claimed.pk)["name"] == NAME


def test_somebody_registered_by_version_1_0_goes_on_until_the_holder_comes(
    claimed: Person, stranger: Account, rightful: Account, source_client: APIClient, now: datetime
) -> None:
    Guardianship.objects.filter(person=claimed).update(proof=IdentityProof.EARLIER)
    report(source_client, claimed)
    person_proven_to(stranger, claimed.pk)
    load_roster(now)
    register(rightful, now)
    assert [one.account for one in Guardianship.objects.filter(person=claimed)] == [rightful]


@pytest.mark.parametrize("page", ["code", "colour", "why", "declare", "check-in", "certificates"])
def test_pages_of_a_closed_claim_lead_to_the_way_on(
    claimed: Person, stranger: Account, source_client: APIClient, page: str, client: Any
) -> None:
    report(source_client, claimed)
    client.force_login(stranger)
    answer = client.get(f"/people/{claimed.pk}/{page}")
    assert answer.url == f"/people/{claimed.pk}/proof"
    shown = client.get(answer.url)
    assert shown.status_code == 200
    assert "12345" in shown.content.decode()
    again = client.post(answer.url)
    assert again.status_code == 403
    assert "登记库中没有与此姓名" in again.content.decode()

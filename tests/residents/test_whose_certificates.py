"""Which certificates a person may hand in, who may do it for them, and that each counts once."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from accounts.models import Account, IdType, Person, Role
from accounts.services import resident_account
from healthcode.acts.models import Act
from healthcode.colours.recompute import run
from healthcode.colours.retention import forget_evidence
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewFact, record
from tests.acts import SENT_GROUND
from tests.evidence.conftest import HOME, World, staff
from tests.evidence.handing_in import (
    DAY,
    HOUR,
    colour_name,
    enter,
    hand_in,
    refusal,
    registered,
)
from tests.evidence.ministry import GERMANY
from tests.owner import as_owner, let_days_pass

ERIKAS_CARD = "110105196408120023"
"""The number contains her birth date, 12 August 1964."""


def test_it_must_be_their_own(
    germany: None,
    world: World,
    resident_client: APIClient,
    officer_client: APIClient,
    now: datetime,
) -> None:
    """Nobody, not even an officer, can enter a certificate of somebody else."""
    card = registered(world.zhang, "Erika Mustermann", IdType.RESIDENT_CARD, ERIKAS_CARD)
    namesake = GERMANY.test(now - HOUR, born="1964-08-13")
    hans = {"fnt": "MEIER", "gnt": "HANS"}
    another = GERMANY.test(now - HOUR, name=hans)
    for text in (namesake, another):
        assert refusal(hand_in(resident_client, card, text)) == "certificate-of-another"
        answer = enter(officer_client, text, person=card.pk, document_seen=True)
        assert refusal(answer) == "certificate-of-another"
    assert not Act.objects.filter(kind="certificate-entered").exists()
    own = hand_in(resident_client, card, GERMANY.test(now - HOUR))
    assert own.status_code == 201
    assert Evidence.objects.get().detail["holder_known_by"] == "name_and_birth_date"


def test_where_the_registration_does_not_tell_an_officer_must_look(
    germany: None,
    world: World,
    resident_client: APIClient,
    officer_client: APIClient,
    now: datetime,
) -> None:
    zhang = {"fnt": "ZHANG", "gnt": "SAN", "fn": "Zhang", "gn": "San"}
    text = GERMANY.test(now - HOUR, name=zhang)
    answer = hand_in(resident_client, world.person, text)
    assert "identity document. Call 12345" in answer.json()["detail"]
    assert refusal(answer) == "officer-must-look"
    document = {"id_type": "20", "id_number": "e 10000001"}
    assert refusal(enter(officer_client, text, **document)) == "document-not-seen"
    assert not Act.objects.filter(kind="certificate-entered").exists()
    entered = enter(officer_client, text, **document, document_seen=True)
    assert entered.status_code == 201, entered.content
    fact = Evidence.objects.get()
    assert (fact.person_id, fact.source_id) == (world.person.pk, world.officer.pk)
    assert fact.detail["holder_known_by"] == "officer"
    act = Act.objects.get(pk=entered.json()["act"])
    assert (act.kind, act.account_id, act.area, act.ground) == (
        "certificate-entered",
        world.officer.pk,
        HOME,
        SENT_GROUND["ground"],
    )
    assert act.detail == {
        "evidence": fact.pk,
        "kind": "test",
        "holder_known_by": "officer",
        "document_seen": True,
    }
    assert "colour" not in entered.json()


def test_an_officer_finds_only_those_at_home_in_the_area(
    germany: None,
    world: World,
    erika: Person,
    client_of: Callable[[Account], APIClient],
    now: datetime,
) -> None:
    """The answer is the same for people who live elsewhere and for people who do not exist."""
    elsewhere = client_of(staff("ningbo", Role.OFFICER, "3302"))
    text = GERMANY.test(now - HOUR)
    for about in (
        {"person": erika.pk},
        {"person": erika.pk + 999},
        {"id_type": "20", "id_number": "C01X00T47"},
        {"id_type": "20", "id_number": "C01X00T48"},
    ):
        answer = enter(elsewhere, text, **about)
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith("Nobody who lives in your area")
    for about in ({}, {"person": 1, "id_type": "20", "id_number": "C01X00T47"}, {"id_type": "20"}):
        assert enter(elsewhere, text, **about).status_code == 422
    assert enter(elsewhere, text, person=erika.pk, ground="").status_code == 422
    assert not Evidence.objects.exists()


def test_only_who_looks_after_somebody_hands_in_for_them(
    germany: None,
    world: World,
    erika: Person,
    client_of: Callable[[Account], APIClient],
    resident_client: APIClient,
    now: datetime,
) -> None:
    stranger = client_of(resident_account(phone="+8613800000009"))
    assert hand_in(stranger, erika, GERMANY.test(now - HOUR)).status_code == 404
    assert enter(resident_client, GERMANY.test(now - HOUR), person=erika.pk).status_code == 403
    assert hand_in(client_of(world.officer), erika, "HC1:").status_code == 403


def test_it_counts_once_for_one_person(
    germany: None,
    world: World,
    erika: Person,
    resident_client: APIClient,
    officer_client: APIClient,
    now: datetime,
) -> None:
    """This holds for other spellings of its identifier, other accounts, and a namesake."""
    namesake = registered(world.zhang, "Erika Mustermann", IdType.PASSPORT, "C01X00T48")
    assert hand_in(resident_client, erika, GERMANY.test(now - HOUR)).status_code == 201
    again = GERMANY.test(now - HOUR, ci="01de/test1")
    for answer in (
        hand_in(resident_client, erika, again),
        hand_in(resident_client, namesake, again),
        enter(officer_client, again, person=erika.pk),
        enter(officer_client, again, person=namesake.pk),
    ):
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/certificate-known"
    assert Evidence.objects.count() == 1
    assert not Act.objects.filter(kind="certificate-entered").exists()


def test_the_database_holds_that_too(germany: None, world: World, now: datetime) -> None:
    def fact(person: int, digest: bytes) -> NewFact:
        return NewFact(person, EvidenceKind.TEST, now, now, certificate=digest)

    (first,) = record(source=world.source, facts=[fact(world.person.pk, b"a" * 32)], at=now).ids
    assert record(source=world.zhang, facts=[fact(world.child.pk, b"a" * 32)], at=now).ids == (
        None,
    )
    with as_owner(), pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Evidence.objects.filter(pk=first).update(certificate=b"b" * 32)


def test_what_was_withdrawn_comes_back_by_an_officer_alone(
    germany: None,
    world: World,
    erika: Person,
    resident_client: APIClient,
    officer_client: APIClient,
    now: datetime,
) -> None:
    text = GERMANY.test(now - HOUR, is_positive=True)
    answer = hand_in(resident_client, erika, text)
    assert answer.json()["colour"]["colour"] == "red"
    url = f"/api/v1/evidence/{answer.json()['evidence']}/withdrawal"
    gone = officer_client.post(url, SENT_GROUND, format="json")
    run(gone.json()["recomputation"])
    assert colour_name(erika) == "green"
    refused = hand_in(resident_client, erika, text)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/certificate-withdrawn"
    assert Evidence.objects.count() == 1
    assert enter(officer_client, text, person=erika.pk).status_code == 201
    assert colour_name(erika) == "red"


def test_entered_for_the_wrong_person_it_is_still_the_right_ones(
    germany: None,
    world: World,
    erika: Person,
    resident_client: APIClient,
    officer_client: APIClient,
    now: datetime,
) -> None:
    text = GERMANY.test(now - HOUR)
    namesake = registered(world.zhang, "Erika Mustermann", IdType.PASSPORT, "C01X00T48")
    wrong = enter(officer_client, text, person=namesake.pk).json()["evidence"]
    assert hand_in(resident_client, erika, text).status_code == 409
    url = f"/api/v1/evidence/{wrong}/withdrawal"
    officer_client.post(url, SENT_GROUND, format="json")
    assert hand_in(resident_client, erika, text).status_code == 201


def test_trying_out_whose_it_could_be_ends_soon(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    answers = [hand_in(resident_client, erika, "HC1:").status_code for _ in range(31)]
    assert answers == [422] * 30 + [429]


def test_retention_lets_go_of_what_no_rule_needs(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    """A vaccination goes after its time. A positive test stays until something releases it."""
    let_days_pass()
    texts = [GERMANY.vaccination("2021-05-01"), GERMANY.test(now - HOUR, is_positive=True)]
    for text in texts:
        assert hand_in(resident_client, erika, text).status_code == 201
    assert forget_evidence(at=now + 27 * DAY) == 0
    assert forget_evidence(at=now + 29 * DAY) == 1
    assert Evidence.objects.get().kind == EvidenceKind.TEST
    again = [hand_in(resident_client, erika, text).status_code for text in texts]
    assert again == [201, 409]

"""A person moves to the rightful holder: an officer ends a guardianship, or a guardian lets go."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.admission import NewPerson
from accounts.guardians import let_go
from accounts.holder_errors import (
    LastGuardian,
    NameDiffers,
    OwnPerson,
)
from accounts.holders import ShownDocument
from accounts.models import Account, Guardianship, Person, Relation, Role
from accounts.selectors import people_of
from accounts.services import resident_account
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.models import Act, PersonLook
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from healthcode.evidence.traits import Trait
from healthcode.officers.guardians.services import end_at_desk, guardians_at_desk
from healthcode.officers.proofs.services import see_document
from healthcode.web.errors import Forbidden, NotFound
from tests.accounts.telephones.conftest import Messages
from tests.acts import GROUND, SENT_GROUND
from tests.evidence.conftest import HOME, World, staff

pytestmark = pytest.mark.django_db

SHOWN = ShownDocument("张小花", "20", "E10000002")
SENT = {
    "name": "张小花",
    "id_type": "20",
    "id_number": "E10000002",
    "document_seen": True,
    **SENT_GROUND,
}


@pytest.fixture
def mother(world: World, now: datetime) -> Account:
    """The child's other parent, for whom an officer saw the child's document."""
    account = resident_account(phone="+8613900000001")
    see_document(
        account=world.officer,
        phone="+8613900000001",
        relation=Relation.CHILD,
        seen=NewPerson(SHOWN.name, SHOWN.id_type, SHOWN.id_number, HOME),
        ground=GROUND,
        at=now,
    )
    return account


def redden(world: World, person: Person, now: datetime) -> None:
    fact = NewFact(person.pk, EvidenceKind.CASE, now, None, traits=(Trait.CONFIRMED,))
    record(source=world.source, facts=[fact], at=now)
    recompute_people([person.pk], at=now)
    assert PersonColour.objects.get(pk=person.pk).colour == Colour.RED


def guardianship(account: Account, person: Person) -> int:
    return Guardianship.objects.get(account=account, person=person).pk


def test_a_red_child_moves_to_the_other_parent(
    world: World,
    mother: Account,
    now: datetime,
    messages: Messages,
    django_capture_on_commit_callbacks: Any,
) -> None:
    redden(world, world.child, now)
    known = guardians_at_desk(account=world.officer, shown=SHOWN, ground=GROUND, at=now)
    assert [(one.relation, one.phone) for one in known] == [
        (Relation.CHILD, "*********01"),
        (Relation.CHILD, "*********01"),
    ]
    look = PersonLook.objects.get(person=world.child)
    assert look.what == LookKind.GUARDIANS
    changes = ColourChange.objects.filter(person=world.child).count()
    ended = guardianship(world.zhang, world.child)
    with django_capture_on_commit_callbacks(execute=True):
        act = end_at_desk(
            account=world.officer, shown=SHOWN, guardianship=ended, ground=GROUND, at=now
        )
    assert (act.kind, act.detail) == (
        ActKind.GUARDIANSHIP_ENDED,
        {"person": world.child.pk, "guardian": world.zhang.pk, "relation": "child"},
    )
    assert [one.id for one in people_of(mother)] == [world.child.pk]
    assert [one.id for one in people_of(world.zhang)] == [world.person.pk]
    assert ColourChange.objects.filter(person=world.child).count() == changes + 1
    assert PersonColour.objects.get(pk=world.child.pk).colour == Colour.RED
    assert str(act.pk) in messages("13800000001")[-1]
    assert "12345" in messages("13800000001")[-1]


def test_the_wrong_holder_of_a_red_elder_ends(world: World, now: datetime) -> None:
    """A register's telephone changed hands; the daughter of the elder has no account of theirs."""
    redden(world, world.stranger, now)
    wrong = Guardianship.objects.get(person=world.stranger).account
    seen = NewPerson("李四", "20", "E10000003", HOME)
    daughter = resident_account(phone="+8613900000001")
    see_document(
        account=world.officer,
        phone="+8613900000001",
        relation=Relation.PARENT,
        seen=seen,
        ground=GROUND,
        at=now,
    )
    shown = ShownDocument("李四", "20", "E10000003")
    end_at_desk(
        account=world.officer,
        shown=shown,
        guardianship=guardianship(wrong, world.stranger),
        ground=GROUND,
        at=now,
    )
    assert people_of(wrong) == []
    assert [one.id for one in people_of(daughter)] == [world.stranger.pk]


def test_nobody_is_left_without_a_guardian(world: World, now: datetime) -> None:
    ended = guardianship(world.zhang, world.child)
    claim = resident_account(phone="+8613900000001")
    Guardianship.objects.create(
        account=claim, person=world.child, relation=Relation.CHILD, since=now, proof=None
    )
    with pytest.raises(LastGuardian):
        end_at_desk(account=world.officer, shown=SHOWN, guardianship=ended, ground=GROUND, at=now)
    with pytest.raises(LastGuardian):
        let_go(account=world.zhang, person_id=world.child.pk, at=now)
    let_go(account=claim, person_id=world.child.pk, at=now)
    assert Guardianship.objects.get(person=world.child).account == world.zhang


def test_officers_end_what_they_answer_for(world: World, mother: Account, now: datetime) -> None:
    ended = guardianship(world.zhang, world.child)
    elsewhere = staff("officer-31", Role.OFFICER, "31")
    of_zhang = guardianship(world.zhang, world.person)
    for officer, shown, number, refusal in (
        (elsewhere, SHOWN, ended, NotFound),
        (world.zhang, SHOWN, ended, Forbidden),
        (world.officer, ShownDocument("张三", "20", SHOWN.id_number), ended, NameDiffers),
        (world.officer, SHOWN, of_zhang, NotFound),
    ):
        with pytest.raises(refusal):
            end_at_desk(account=officer, shown=shown, guardianship=number, ground=GROUND, at=now)
    mother.grants.create(role=Role.OFFICER, area="33")
    with pytest.raises(Forbidden):
        end_at_desk(
            account=Account.objects.get(pk=mother.pk),
            shown=SHOWN,
            guardianship=ended,
            ground=GROUND,
            at=now,
        )
    assert not Act.objects.filter(kind=ActKind.GUARDIANSHIP_ENDED).exists()


def test_a_guardian_lets_go_and_nobody_of_themselves(
    world: World, mother: Account, now: datetime, client_of: Any
) -> None:
    redden(world, world.child, now)
    with pytest.raises(OwnPerson):
        let_go(account=world.zhang, person_id=world.person.pk, at=now)
    with pytest.raises(NotFound):
        let_go(account=world.zhang, person_id=world.stranger.pk, at=now)
    url = f"/api/v1/people/{world.child.pk}/guardianship"
    assert client_of(world.zhang).delete(url).status_code == 204
    assert client_of(world.zhang).delete(url).status_code == 404
    refused = client_of(mother).delete(url)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/last-guardian")


def test_the_page_lets_go(world: World, mother: Account) -> None:
    page = Client()
    page.cookies["language"] = "en"
    page.force_login(world.zhang)
    path = f"/people/{world.child.pk}/let-go"
    assert path in page.get(f"/people/{world.child.pk}/guardians").content.decode()
    assert "let-go" not in page.get(f"/people/{world.person.pk}/guardians").content.decode()
    assert "Their data stays" in page.get(path).content.decode()
    done = page.post(path, follow=True).content.decode()
    assert "You no longer look after this person." in done
    assert page.get(path).status_code == 404
    page.force_login(mother)
    refused = page.post(path)
    assert refused.status_code == 409
    assert "who would have no code then" in refused.content.decode()


def test_the_officers_page_and_interface(
    world: World, mother: Account, officer_client: APIClient
) -> None:
    page = Client()
    page.cookies["language"] = "en"
    page.force_login(world.officer)
    form = {name: value for name, value in SENT.items() if value is not True}
    form["document_seen"] = "1"
    html = page.post("/officer/guardians", {**form, "step": "look"}).content.decode()
    assert html.count('name="guardianship"') == 2
    html = page.post("/officer/guardians", {**form, "step": "end"}).content.decode()
    assert "Choose whose guardianship ends." in html
    ended = guardianship(world.zhang, world.child)
    sent = {**form, "step": "end", "guardianship": str(ended)}
    done = page.post("/officer/guardians", sent, follow=True).content.decode()
    assert "It is recorded as act" in done
    known = officer_client.post("/api/v1/guardians", SENT, format="json").json()
    assert [one["id"] for one in known] == [guardianship(mother, world.child)]
    last = {**SENT, "guardianship": known[0]["id"]}
    refused = officer_client.post("/api/v1/guardians/ended", last, format="json")
    assert refused.json()["type"] == "/problems/last-guardian"

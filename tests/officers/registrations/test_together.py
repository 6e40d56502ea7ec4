"""What else takes merged registrations as one person: claims, files, erasure, tracing, races."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.merging import registrations_of, unite
from accounts.models import Account, MergedRegistration, Person, Relation
from accounts.services import register_person, resident_account
from healthcode.acts.grounds import Ground
from healthcode.acts.looks import looks_at
from healthcode.acts.models import Act
from healthcode.acts.told import acts_about
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour
from healthcode.colours.one_person import decide_now
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.officers.registrations.errors import AlreadyMerged
from healthcode.officers.registrations.services import merge as merge_people
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.errors import StillNeeded
from healthcode.residents.subject_access.export import export
from healthcode.tracing.kinds import Strength
from healthcode.tracing.selectors import chain_of
from healthcode.web.errors import NotFound
from tests.acts import GROUND, SENT_GROUND, act_of
from tests.colours import world as colours
from tests.colours.conftest import Beside
from tests.evidence.conftest import HOME, World
from tests.officers.registrations.conftest import LI, WAITS, ZHANG, merge, separate, stored
from tests.tracing.conftest import MIDDAY, Town, town

__all__ = ["town"]

GREEN, RED = Colour.GREEN, Colour.RED


@pytest.mark.django_db
def test_a_mere_claim_gets_no_code_while_its_registration_is_merged(
    world: World,
    officer_client: APIClient,
    client_of: Callable[[Account], APIClient],
    now: datetime,
) -> None:
    account = resident_account(phone="+8613800000007")
    claimed = register_person(
        account=account,
        relation=Relation.SELF,
        name="王五",
        id_type="20",
        id_number="E10000077",
        phone=None,
        home_area=HOME,
        at=now,
    )
    decide_now(claimed.pk, at=now)
    client = client_of(account)
    path = f"/api/v1/people/{claimed.pk}/colour"
    assert client.get(path).status_code == 200
    assert merge(officer_client, ("20", "E10000077"), WAITS).status_code == 201
    refused = client.get(path)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/proof-needed")
    code = client.get(f"/api/v1/people/{claimed.pk}/code")
    assert (code.status_code, code.json()["type"]) == (403, "/problems/proof-needed")


@pytest.mark.django_db
def test_each_file_names_the_act_and_each_guardian_sees_the_looks(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    for person in (world.person.pk, world.stranger.pk):
        decide_now(person, at=now)
    assert export(world.person.pk, at=now)["merged"] is None
    merge(officer_client, ZHANG, LI, preview=True)
    assert merge(officer_client, ZHANG, LI).status_code == 201
    act = Act.objects.get(kind="registrations-merged").pk
    for person in (world.person.pk, world.stranger.pk):
        assert export(person, at=now)["merged"] == {"act": act, "others": 1}
        looks = looks_at(person, at=now + timedelta(minutes=1))
        assert {look.person_id for look in looks} == {world.person.pk, world.stranger.pk}


@pytest.mark.django_db
def test_everybody_concerned_reads_of_a_merger_and_of_its_end(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    zhang, li = world.person.pk, world.stranger.pk
    for person in (zhang, li):
        decide_now(person, at=now)
    assert merge(officer_client, ZHANG, LI).status_code == 201
    assert separate(officer_client, LI).status_code == 201
    for person in (zhang, li):
        kinds = [act.kind for act in acts_about(person)]
        assert kinds == ["registrations-separated", "registrations-merged"]
    assert not acts_about(max(zhang, li) + 1)


@pytest.mark.django_db
def test_nobody_gets_green_by_erasing_one_of_two(
    world: World, officer_client: APIClient, red: Callable[[int], None], now: datetime
) -> None:
    zhang, li = world.person.pk, world.stranger.pk
    decide_now(zhang, at=now)
    red(li)
    assert merge(officer_client, ZHANG, LI).status_code == 201
    for person in (zhang, li):
        with pytest.raises(StillNeeded):
            erase_at_request(person_id=person, account=world.zhang, at=now)
    assert stored(zhang, li) == [RED, RED]


@pytest.mark.django_db
def test_what_is_left_after_an_erasure_gives_the_colour_at_once(
    world: World, now: datetime
) -> None:
    """Li's tests had released Zhang. They are Li's to erase."""
    zhang, li = world.person.pk, world.stranger.pk
    for days, person, trait in (
        (20, zhang, "positive"),
        (15, li, "negative"),
        (13, li, "negative"),
    ):
        at = now - timedelta(days=days)
        colours.fact(person, EvidenceKind.TEST, at, at, trait)
    colours.merge(zhang, li, world.child.pk)
    recompute_people([zhang], at=now)
    assert stored(zhang, li, world.child.pk) == [GREEN, GREEN, GREEN]
    erase_at_request(person_id=li, account=world.zhang, at=now)
    assert stored(zhang, world.child.pk) == [RED, RED]
    assert registrations_of(zhang) == tuple(sorted((zhang, world.child.pk)))
    colours_left = PersonColour.objects.filter(pk=li)
    assert not colours_left.exists()


@pytest.mark.django_db
def test_of_two_the_one_that_is_left_is_not_merged(world: World, now: datetime) -> None:
    decide_now(world.stranger.pk, at=now)
    colours.merge(world.person.pk, world.stranger.pk)
    erase_at_request(person_id=world.stranger.pk, account=world.zhang, at=now)
    assert not MergedRegistration.objects.exists()


@pytest.mark.django_db
def test_only_an_act_that_names_them_merges(world: World, now: datetime) -> None:
    people = [world.person.pk, world.stranger.pk]
    other = act_of(world.officer, at=now)
    with pytest.raises(IntegrityError, match="no act merged"), transaction.atomic():
        unite(people, other.pk)
    colours.merge(*people)
    with pytest.raises(IntegrityError, match="no act merged"), transaction.atomic():
        MergedRegistration.objects.update(whose=other.pk)
    own = Act.objects.get(kind="registrations-merged").pk
    with pytest.raises(IntegrityError, match="no act merged"), transaction.atomic():
        MergedRegistration.objects.create(person_id=world.child.pk, whose=own, act=own)


@pytest.mark.django_db
def test_a_case_was_where_either_document_was(town: Town) -> None:
    (permit, passport_of_near) = colours.people(2, home="330106")
    colours.merge(town.case, permit)
    colours.merge(town.near, passport_of_near)
    guest, later = colours.people(2, home="330106")
    town.eats(permit, MIDDAY + timedelta(hours=3), minutes=60)
    town.eats(guest, MIDDAY + timedelta(hours=3), minutes=60)
    # The close contact meets somebody under the other document, after the case.
    town.eats(passport_of_near, MIDDAY + timedelta(hours=8), minutes=60)
    town.eats(later, MIDDAY + timedelta(hours=8), minutes=60)
    chain = chain_of(town.inquire())
    close = {met.person for met in chain.contacts if met.strength is Strength.CLOSE}
    assert close == {town.near, guest}
    assert {(one.of, one.encounter.person) for one in chain.secondary} == {
        (town.near, town.flatmate),
        (town.near, later),
    }
    assert permit not in chain.people


@pytest.mark.django_db
def test_a_case_does_not_meet_itself_under_another_document(town: Town) -> None:
    (passport,) = colours.people(1, home="330106")
    colours.merge(town.case, passport)
    town.eats(passport, MIDDAY, minutes=60)
    assert passport not in chain_of(town.inquire()).people


@pytest.mark.django_db(transaction=True)
def test_two_officers_merge_the_same_people_from_both_sides_at_once(beside: Beside) -> None:
    colours.publish()
    one, other = colours.people(2)
    officers = [colours.officer(), colours.officer()]
    for person in (one, other):
        decide_now(person, at=colours.LONG_AGO)
    together = Barrier(2)

    def run(officer: Account, first: int, second: int, ground: Ground) -> str:
        together.wait(30)
        try:
            merge_people(
                account=officer, person=first, other=second, ground=ground, at=colours.LONG_AGO
            )
        except AlreadyMerged:
            return "already"
        return "merged"

    tasks = [
        beside(run, officers[0], one, other, GROUND),
        beside(run, officers[1], other, one, GROUND),
    ]
    assert sorted(task.result(60) for task in tasks) == ["already", "merged"]
    assert registrations_of(one) == (one, other)
    assert Act.objects.filter(kind="registrations-merged").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_merger_waits_for_who_is_being_recoloured_and_both_have_one_colour(
    beside: Beside,
) -> None:
    """A worker has read the facts of one registration alone, and not committed yet."""
    colours.publish()
    permit, passport = colours.people(2)
    at, officer = colours.shanghai(3, 8), colours.officer()
    colours.fact(passport, EvidenceKind.CASE, at - timedelta(days=1), None, "confirmed")
    with transaction.atomic():
        recompute_people([permit, passport], at=at)
        merging = beside(
            merge_people,
            account=officer,
            person=permit,
            other=passport,
            ground=GROUND,
            at=at,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        assert not merging.done()
    merging.result(60)
    assert stored(permit, passport) == [RED, RED]


@pytest.mark.django_db
def test_who_was_erased_meanwhile_is_not_merged(world: World, now: datetime) -> None:
    gone = world.stranger.pk
    Person.objects.filter(pk=gone).delete()
    with pytest.raises(NotFound):
        merge_people(
            account=world.officer, person=world.person.pk, other=gone, ground=GROUND, at=now
        )


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_show_what_would_change_and_then_do_it(
    world: World, red: Callable[[int], None], waiting: int, now: datetime, language: str
) -> None:
    decide_now(world.person.pk, at=now)
    red(waiting)
    browser = Client()
    browser.cookies["language"] = language
    browser.force_login(world.officer)
    empty = browser.get("/officer/registrations").content.decode()
    assert ("一人两证" if language == "zh-hans" else "Two documents of one person") in empty
    assert 'name="look"' in empty
    form = {
        "id_type": "20",
        "id_number": ZHANG[1],
        "other_id_type": "14",
        "other_id_number": WAITS[1],
        "documents_seen": "1",
        **SENT_GROUND,
    }
    wrong = browser.post("/officer/registrations", {**form, "other_id_number": "H1", "look": "1"})
    assert wrong.status_code == 422
    assert "other_id_number-fault" in wrong.content.decode()
    shown = browser.post("/officer/registrations", {**form, "look": "1"})
    assert shown.status_code == 200
    assert ("涉及2个登记的健康码" if language == "zh-hans" else "2 registrations") in (
        shown.content.decode()
    )
    assert not MergedRegistration.objects.exists()
    done = browser.post("/officer/registrations", form, follow=True)
    assert stored(world.person.pk, waiting) == [RED, RED]
    number = str(Act.objects.get(kind="registrations-merged").pk)
    assert number in done.content.decode()
    separation = {"id_type": "14", "id_number": WAITS[1], **SENT_GROUND}
    shown = browser.post("/officer/separation", {**separation, "look": "1"})
    assert shown.status_code == 200
    # The case would no longer count for Zhang, so a second officer must look.
    waits = browser.post("/officer/separation", separation, follow=True)
    page = waits.content.decode()
    assert waits.redirect_chain[0][0].startswith("/officer/proposals/")
    assert str(world.person.pk) in page

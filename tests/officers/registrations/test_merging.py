"""An officer merges two registrations of one person, and separates them again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.merging import registrations_of
from accounts.models import Account, Person, Relation, Role
from accounts.services import resident_account
from accounts.waiting import forget_waiting
from healthcode.acts.models import Act, PersonLook, Proposal
from healthcode.colours.audit import checked_part, unexplained
from healthcode.colours.models import ColourChange
from healthcode.colours.one_person import decide_now
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.officers.statistics.selectors import colours_by_county
from tests.acts import GROUND
from tests.areas.conftest import client_of, staff
from tests.colours import world as colours
from tests.evidence.conftest import World, resident
from tests.officers.registrations.conftest import (
    LI,
    WAITS,
    ZHANG,
    merge,
    separate,
    stored,
)

pytestmark = pytest.mark.django_db
GREEN, RED = Colour.GREEN, Colour.RED
Redden = Callable[[int], None]


def test_what_a_hospital_reported_under_the_passport_counts_under_the_permit_at_once(
    world: World, officer_client: APIClient, red: Redden, waiting: int, now: datetime
) -> None:
    zhang = world.person.pk
    decide_now(zhang, at=now)
    red(waiting)
    assert stored(zhang, waiting) == [GREEN, RED]

    answer = merge(officer_client, ZHANG, WAITS)

    act = Act.objects.get(kind="registrations-merged")
    people = sorted((zhang, waiting))
    assert (answer.status_code, answer.json()) == (201, {"act": act.pk, "registrations": people})
    assert stored(zhang, waiting) == [RED, RED]
    assert act.detail == {"person": people[0], "other": people[1], "registrations": people}
    assert (act.people_before, act.people_after, act.worse) == ([1, 0, 1], [0, 0, 2], 1)
    change = ColourChange.objects.get(person=zhang)
    assert (change.before, change.after) == (GREEN, RED)
    (reason,) = decision_of(zhang, at=now).reasons
    assert reason.evidence == Evidence.objects.get(person=waiting).pk
    assert Person.objects.get(pk=waiting).is_waiting

    # Taking the passport out of it makes Zhang green, which one officer alone may not do.
    proposed = separate(officer_client, WAITS)
    assert proposed.status_code == 202
    assert Proposal.objects.get().preview["worse"] == 0


def test_separated_registrations_have_the_colours_of_before(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    zhang, li = world.person.pk, world.stranger.pk
    colours.stay(zhang, "00", now - timedelta(days=2), now - timedelta(days=1))
    for person in (zhang, li):
        decide_now(person, at=now)
    before = stored(zhang, li)
    assert before == [RED, GREEN]
    assert merge(officer_client, ZHANG, LI).status_code == 201
    assert stored(zhang, li) == [RED, RED]
    # What is reported after the merger stays with the document under which it came.
    colours.fact(
        li,
        EvidenceKind.DECLARATION,
        now,
        now,
        "fever",
        source=Account.objects.get(username="hospital"),
    )
    answer = separate(officer_client, LI)
    assert (answer.status_code, answer.json()["registrations"]) == (201, sorted((zhang, li)))
    assert stored(zhang, li) == [RED, Colour.YELLOW]
    assert registrations_of(zhang) == (zhang,)
    assert unexplained(checked_part(after=0, most=100, at=now), at=now) == []


def test_three_documents_are_one_person_and_each_can_be_taken_out(
    world: World, officer_client: APIClient, red: Redden, waiting: int, now: datetime
) -> None:
    zhang, li = world.person.pk, world.stranger.pk
    for person in (zhang, li):
        decide_now(person, at=now)
    red(waiting)
    assert merge(officer_client, ZHANG, WAITS).status_code == 201
    assert merge(officer_client, LI, ZHANG).status_code == 201
    together = tuple(sorted((zhang, li, waiting)))
    assert registrations_of(li) == registrations_of(waiting) == together
    assert stored(*together) == [RED, RED, RED]
    for first, second in ((WAITS, LI), (LI, WAITS), (ZHANG, LI)):
        again = merge(officer_client, first, second)
        assert (again.status_code, again.json()["type"]) == (409, "/problems/already-merged")
    # Zhang leaves; the other two stay one person.
    proposal = separate(officer_client, ZHANG)
    assert proposal.status_code == 202


def test_two_groups_become_one(world: World, officer_client: APIClient, now: datetime) -> None:
    others = [("20", f"E1000001{n}") for n in range(2)]
    account = resident_account(phone="+8613800000009")
    people = [resident(account, Relation.OTHER, "王五", number).pk for _, number in others]
    assert merge(officer_client, ZHANG, others[0]).status_code == 201
    assert merge(officer_client, LI, others[1]).status_code == 201
    assert merge(officer_client, others[0], others[1]).status_code == 201
    everybody = tuple(sorted((world.person.pk, world.stranger.pk, *people)))
    assert all(registrations_of(one) == everybody for one in everybody)
    assert separate(officer_client, ZHANG).status_code == 201
    assert registrations_of(world.person.pk) == (world.person.pk,)
    assert registrations_of(people[0]) == tuple(p for p in everybody if p != world.person.pk)
    gone = separate(officer_client, ZHANG)
    assert (gone.status_code, gone.json()["type"]) == (409, "/problems/not-merged")


def test_a_document_that_nobody_knows_is_merged_before_anybody_reports_it(
    world: World, officer_client: APIClient, red: Redden, now: datetime
) -> None:
    decide_now(world.person.pk, at=now)
    answer = merge(officer_client, WAITS, ZHANG)
    assert answer.status_code == 201
    (passport,) = {*answer.json()["registrations"]} - {world.person.pk}
    assert forget_waiting(at=now + timedelta(days=400)) == 0
    red(passport)
    assert stored(world.person.pk, passport) == [RED, RED]


@pytest.mark.parametrize(
    ("first", "second", "wrong", "status", "slug"),
    [
        (ZHANG, ZHANG, {}, 422, "invalid-input"),
        (ZHANG, ("20", " e10000001 "), {}, 422, "invalid-input"),
        (ZHANG, ("10", "330106199003070010"), {}, 422, "invalid-input"),
        (ZHANG, ("77", "E1"), {}, 422, "invalid-input"),
        (ZHANG, LI, {"documents_seen": False}, 422, "invalid-input"),
        (ZHANG, LI, {"ground": "because"}, 422, "invalid-input"),
        (WAITS, ("14", "H12345679"), {}, 404, "not-found"),
    ],
)
def test_what_cannot_be_merged_is_refused_and_nothing_is_stored(
    world: World,
    officer_client: APIClient,
    first: tuple[str, str],
    second: tuple[str, str],
    wrong: dict[str, object],
    status: int,
    slug: str,
) -> None:
    known = Person.objects.count()
    answer = merge(officer_client, first, second, **wrong)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert (Person.objects.count(), Act.objects.filter(kind__startswith="reg").count()) == (
        known,
        0,
    )


def test_who_answers_for_one_home_only_may_not_merge(
    world: World, officer_client: APIClient, now: datetime
) -> None:
    local = client_of(staff("local", Role.OFFICER, "330106"))
    Person.objects.filter(pk=world.stranger.pk).update(home_area="330203")
    answer = merge(local, ZHANG, LI)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/outside-your-area")
    elsewhere = client_of(staff("elsewhere", Role.OFFICER, "3302"))
    assert merge(elsewhere, ZHANG, WAITS).status_code == 404
    assert merge(officer_client, ZHANG, LI).status_code == 201
    assert separate(elsewhere, ZHANG).status_code == 404


def test_a_preview_changes_nothing_and_the_people_see_that_an_officer_looked(
    world: World, officer_client: APIClient, red: Redden, waiting: int, now: datetime
) -> None:
    zhang = world.person.pk
    decide_now(zhang, at=now)
    red(waiting)
    answer = merge(officer_client, ZHANG, WAITS, preview=True)
    assert answer.json() == {
        "before": {"green": 1, "yellow": 0, "red": 1},
        "after": {"green": 0, "yellow": 0, "red": 2},
        "worse": 1,
    }
    assert stored(zhang, waiting) == [GREEN, RED]
    assert registrations_of(zhang) == (zhang,)
    look = PersonLook.objects.get()
    assert (look.person_id, look.what, look.ground) == (zhang, "colour", GROUND.text)
    known = Person.objects.count()
    assert merge(officer_client, ZHANG, ("14", "H12345670"), preview=True).status_code == 200
    assert Person.objects.count() == known


def test_a_merger_counts_in_the_officers_budget(
    world: World, red: Redden, waiting: int, now: datetime
) -> None:
    text = colours.QUIET_TEXT.replace("people = 10\n", "people = 0\n", 1)
    colours.publish(text.replace("version = 2", "version = 3"), holds_from=now)
    decide_now(world.person.pk, at=now)
    red(waiting)
    client = client_of(world.officer)
    answer = merge(client, ZHANG, WAITS)
    assert answer.status_code == 202
    proposal = Proposal.objects.get()
    assert stored(world.person.pk) == [GREEN]
    said = str(proposal.payload) + str(proposal.preview)
    assert WAITS[1] not in said
    assert ZHANG[1] not in said
    second = client_of(staff("second", Role.OFFICER, "33"))
    confirmed = second.post(
        f"/api/v1/proposals/{proposal.pk}/confirmation",
        {
            "fingerprint": proposal.fingerprint,
            "ground_kind": "document-seen",
            "ground": GROUND.text,
        },
        format="json",
    )
    assert confirmed.json()["act"] == Act.objects.get(kind="registrations-merged").pk
    assert stored(world.person.pk, waiting) == [RED, RED]


def test_statistics_count_a_person_once(
    world: World, officer_client: APIClient, waiting: int, now: datetime, settings: Any
) -> None:
    settings.STATISTICS_MIN_GROUP = 1
    for person in (world.person.pk, world.stranger.pk, waiting):
        decide_now(person, at=now)
    assert colours_by_county().figures["all", "all"] == 2
    assert merge(officer_client, LI, WAITS).status_code == 201
    assert colours_by_county().figures["all", "all"] == 2
    assert merge(officer_client, ZHANG, LI).status_code == 201
    assert colours_by_county().figures["all", "all"] == 1

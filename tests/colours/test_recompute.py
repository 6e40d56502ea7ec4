"""Deciding for many people at once: what is written, and how many queries it takes."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from healthcode.areas.models import Level
from healthcode.colours.decide_many import evaluate, evaluate_levels, recompute_people
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import withdraw
from tests.colours import world
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
NOON = shanghai(2, 20, 12)

pytestmark = pytest.mark.django_db


def recompute(people: list[int], at: datetime = NOON) -> int:
    with transaction.atomic():
        return recompute_people(people, at=at)


@pytest.mark.usefixtures("policy")
def test_a_change_is_counted_dated_and_noted() -> None:
    well, ill = world.people(2)
    recompute([well, ill], shanghai(2, 10))
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")

    assert recompute([well, ill]) == 1

    assert world.colours([well, ill]) == {well: GREEN, ill: RED}
    now = PersonColour.objects.get(pk=ill)
    assert (now.since, now.changes, now.next_change_at) == (NOON, 1, None)
    noted = ColourChange.objects.values_list("person", "before", "after", "number", "at")
    assert list(noted) == [(ill, GREEN, RED, 1, NOON)]


@pytest.mark.usefixtures("policy")
def test_doing_it_again_changes_nothing() -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    recompute([ill])
    before = PersonColour.objects.values().get(pk=ill)

    assert recompute([ill], NOON + timedelta(hours=1)) == 0

    assert PersonColour.objects.values().get(pk=ill) == before
    assert ColourChange.objects.count() == 1


@pytest.mark.usefixtures("policy")
def test_what_was_withdrawn_no_longer_counts() -> None:
    (ill,) = world.people(1)
    wrong = world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    recompute([ill])
    withdraw(ids=[wrong.pk], act=world.act())

    assert recompute([ill], NOON + timedelta(hours=1)) == 1

    assert world.colours([ill]) == {ill: GREEN}
    assert ColourChange.objects.filter(person=ill).count() == 2


@pytest.mark.usefixtures("policy")
def test_ids_of_nobody_are_passed_over() -> None:
    (somebody,) = world.people(1)

    assert recompute([somebody, 10**12]) == 0
    assert recompute([]) == 0

    assert list(PersonColour.objects.values_list("pk", flat=True)) == [somebody]


def test_without_a_policy_nothing_is_decided() -> None:
    (somebody,) = world.people(1)

    with pytest.raises(NoPolicy):
        recompute([somebody])

    assert not PersonColour.objects.exists()


@pytest.mark.usefixtures("policy")
def test_the_policy_in_force_at_that_instant_decides() -> None:
    (feverish,) = world.people(1)
    world.fact(feverish, EvidenceKind.DECLARATION, NOON, NOON, "fever")
    stricter = world.DEFAULT_TEXT.replace("version = 2", "version = 3").replace(
        'colour = "yellow"', 'colour = "red"'
    )
    world.publish(stricter, holds_from=shanghai(2, 21))

    recompute([feverish], shanghai(2, 20, 23))
    assert PersonColour.objects.get(pk=feverish).policy_id == 2
    assert world.colours([feverish]) == {feverish: YELLOW}

    recompute([feverish], shanghai(2, 21))
    assert PersonColour.objects.get(pk=feverish).policy_id == 3
    assert world.colours([feverish]) == {feverish: RED}


def test_of_two_policies_the_one_that_began_last_is_in_force(policy: RuleSet) -> None:
    later = world.DEFAULT_TEXT.replace("version = 2", "version = 4")
    earlier = world.DEFAULT_TEXT.replace("version = 2", "version = 5")
    world.publish(later, holds_from=shanghai(2, 11))
    world.publish(earlier, holds_from=shanghai(2, 1))

    versions = [policy_at(shanghai(*day)).version for day in [(1, 20), (2, 5), (2, 11)]]

    assert versions == [policy.version, 5, 4]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("number", [1, 50])
def test_the_number_of_queries_does_not_follow_the_people(
    number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = world.people(number)
    for person in people:
        world.stay(person, "330104", shanghai(1, 1), None)
    world.levels("330104", (Level.RED, shanghai(2, 9), None))

    # Queries: the writers' lock, the merged registrations, the row locks, the missing rows,
    # their locks, the policy, the decision.
    with django_assert_num_queries(7):
        assert recompute_people(people, at=NOON) == number
    # Now nobody's row is missing.
    with django_assert_num_queries(5):
        assert recompute_people(people, at=NOON) == 0


@pytest.mark.usefixtures("policy")
def test_evaluating_writes_nothing() -> None:
    here, gone, elsewhere = people = world.people(3)
    world.stay(here, "330104", shanghai(1, 1), None)
    world.stay(gone, "330104", shanghai(1, 1), shanghai(2, 1))
    world.stay(elsewhere, "330105", shanghai(1, 1), None)
    recompute(people)
    world.levels("330104", (Level.RED, shanghai(2, 9), None))
    before = list(PersonColour.objects.order_by("pk").values())

    everybody = evaluate(people, at=NOON)
    touched = evaluate_levels(areas=["330104"], touches_from=shanghai(2, 9), at=NOON)

    assert everybody.now == {GREEN: 3, YELLOW: 0, RED: 0}
    assert everybody.then == {GREEN: 2, YELLOW: 0, RED: 1}
    assert (touched.people, touched.then, touched.changed) == (1, {GREEN: 0, YELLOW: 0, RED: 1}, 1)
    assert list(PersonColour.objects.order_by("pk").values()) == before

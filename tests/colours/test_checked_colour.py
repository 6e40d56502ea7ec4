"""Checking a stored colour: what it reads together, and who else may write meanwhile."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from healthcode.areas.models import Level
from healthcode.colours import agreement
from healthcode.colours.agreement import checked_colour
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.errors import ColourBeingChecked, NoPolicy
from healthcode.colours.models import (
    Cause,
    PersonColour,
    Policy,
    Recomputation,
    RecomputationState,
)
from healthcode.colours.one_person import decide_now
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.colours.recompute import request
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.web.errors import NotFound
from tests.colours import world
from tests.colours.conftest import Beside, backend_pid, wait_until_blocked
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
NOON = shanghai(2, 20, 12)
DAY = timedelta(days=1)


@pytest.fixture
def applied(policy: RuleSet) -> None:
    """Everybody has been recomputed under the policy in force."""
    Recomputation.objects.create(
        cause=Cause.POLICY,
        act=Policy.objects.get(version=policy.version).act,
        state=RecomputationState.DONE,
        finished_at=world.LONG_AGO,
    )


def case(person: int) -> None:
    world.fact(person, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")


@pytest.mark.django_db
def test_without_a_policy_or_a_person_nothing_is_checked() -> None:
    with pytest.raises(NotFound):
        checked_colour(1, at=NOON)
    world.publish()
    (somebody,) = world.people(1)
    decide_now(somebody, at=NOON)
    with pytest.raises(NoPolicy):
        checked_colour(somebody, at=world.LONG_AGO - DAY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize("stays", [0, 1, 20])
def test_it_takes_a_transaction_of_four_or_five_reads(
    stays: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    (traveller,) = world.people(1)
    for n in range(stays):
        world.stay(traveller, f"3301{n + 10}", shanghai(2, 10), shanghai(2, 20))
    decide_now(traveller, at=NOON)
    # Queries: begin, the row, the policy, the merged registrations, the facts, the levels of the
    # areas, commit.
    with django_assert_num_queries(7 if stays else 6):
        checked_colour(traveller, at=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("applied")
def test_what_is_committed_between_two_reads_does_not_count(beside: Beside) -> None:
    (ill,) = world.people(1)
    decide_now(ill, at=NOON)

    def report_and_read(at: object) -> RuleSet:
        beside(case, ill).result(timeout=30)
        return policy_at(NOON)

    with patch.object(agreement, "policy_at", report_and_read):
        assert checked_colour(ill, at=NOON).decision.colour is GREEN
    with pytest.raises(ColourBeingChecked):
        checked_colour(ill, at=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("applied")
def test_a_recomputation_that_has_not_committed_is_not_waited_for(beside: Beside) -> None:
    (ill,) = world.people(1)
    decide_now(ill, at=NOON)
    with transaction.atomic():
        case(ill)
        recompute_people([ill], at=NOON)
        found = beside(checked_colour, ill, at=NOON).result(timeout=30)
        assert (found.row.colour, found.row.changes) == (GREEN, 0)
    found = checked_colour(ill, at=NOON)
    assert (found.row.colour, found.row.changes) == (RED, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("applied")
def test_who_must_store_waits_for_a_batch_and_stores_nothing_twice(beside: Beside) -> None:
    (ill,) = world.people(1)
    decide_now(ill, at=NOON)
    case(ill)
    request(cause=Cause.EVIDENCE, people=[ill])
    with transaction.atomic():
        recompute_people([ill], at=NOON)
        other = beside(checked_colour, ill, at=NOON)
        wait_until_blocked(other, by=backend_pid())
    assert other.result(timeout=30).row.changes == 1
    assert PersonColour.objects.get(pk=ill).changes == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("applied")
@pytest.mark.parametrize(
    ("area", "starts", "ends", "is_waiting"),
    [
        ("330106", shanghai(2, 10), None, True),
        ("330106001", shanghai(2, 10), NOON + DAY, True),
        ("330106", shanghai(2, 10), shanghai(2, 11), False),
        ("330102", shanghai(2, 10), None, False),
    ],
)
def test_a_map_that_waits_explains_the_colours_of_those_who_were_there(
    area: str, starts: object, ends: object, is_waiting: bool
) -> None:
    (person,) = world.people(1)
    world.stay(person, area, starts, ends)  # type: ignore[arg-type]
    decide_now(person, at=NOON)
    world.levels("330106", (Level.RED, shanghai(2, 12), None))
    request(cause=Cause.LEVELS, areas=["330106"], touches_from=shanghai(2, 12))

    if is_waiting:
        assert checked_colour(person, at=NOON).row.colour is RED
        return
    assert checked_colour(person, at=NOON).row.colour is GREEN
    PersonColour.objects.filter(pk=person).update(colour=YELLOW)
    with pytest.raises(ColourBeingChecked):
        checked_colour(person, at=NOON)

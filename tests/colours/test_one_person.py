"""Deciding on one person at once: the answer is what is stored, whoever else writes meanwhile."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from healthcode.areas.models import Level
from healthcode.colours import one_person
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.colours.one_person import decide_now
from healthcode.colours.selectors import PersonDecision, decision_of
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from tests.colours import world
from tests.colours.conftest import Beside, backend_pid, wait_until_blocked
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
NOON = shanghai(2, 20, 12)
Decider = Callable[[int], object]


@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
def test_the_answer_is_what_is_stored_and_what_is_told_later() -> None:
    (ill,) = world.people(1)
    decide_now(ill, at=shanghai(2, 10))
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")

    changed = decide_now(ill, at=NOON)
    later = decide_now(ill, at=shanghai(2, 21))

    assert (changed.colour, changed.since, len(changed.reasons)) == (RED, NOON, 1)
    assert later.since == NOON
    assert later == decision_of(ill, shanghai(2, 21))
    stored = PersonColour.objects.get(pk=ill)
    assert (stored.colour, stored.since, stored.changes) == (RED, NOON, 1)


@pytest.mark.django_db
def test_without_a_policy_nothing_is_decided() -> None:
    (somebody,) = world.people(1)

    with pytest.raises(NoPolicy):
        decide_now(somebody, at=NOON)

    assert not PersonColour.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
def test_codes_of_the_old_colour_are_superseded_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    (ill,) = world.people(1)
    with patch.object(one_person, "send") as send:
        with django_capture_on_commit_callbacks(execute=True):
            decide_now(ill, at=shanghai(2, 10))
        send.assert_not_called()

        world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
        with django_capture_on_commit_callbacks(execute=True):
            decide_now(ill, at=NOON)
            send.assert_not_called()
        send.assert_called_once_with("codes.publish")


@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("stays", [1, 20])
def test_it_takes_eleven_queries(
    stays: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    (traveller,) = world.people(1)
    for n in range(stays):
        code = f"3301{n + 10}"
        world.stay(traveller, code, shanghai(2, 10), shanghai(2, 20))
        world.levels(code, (Level.RED, shanghai(2, 9), None))

    # Queries: the writers' lock, the merged registrations, the row lock, the missing row, its
    # lock, the policy, the merged registrations, the facts, the levels, the update, the reporters,
    # the acts, the names.
    with django_assert_num_queries(13):
        assert len(decide_now(traveller, at=NOON).reasons) == stays
    # Now the row exists.
    with django_assert_num_queries(11):
        decide_now(traveller, at=NOON)


def declared(person: int) -> PersonDecision:
    return decide_now(person, at=NOON)


def recomputed(person: int) -> int:
    return recompute_people([person], at=NOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("had_a_colour", [True, False])
@pytest.mark.parametrize(
    ("first", "second"), [(declared, declared), (declared, recomputed), (recomputed, declared)]
)
def test_who_comes_second_waits_and_knows_what_the_first_knew(
    beside: Beside, first: Decider, second: Decider, had_a_colour: bool
) -> None:
    (person,) = world.people(1)
    if had_a_colour:
        declared(person)

    def come_second() -> object:
        with transaction.atomic():
            world.fact(person, EvidenceKind.DECLARATION, NOON, NOON, "fever")
            return second(person)

    with transaction.atomic():
        world.fact(person, EvidenceKind.CONTACT, shanghai(2, 18), shanghai(2, 19), "close")
        first(person)
        other = beside(come_second)
        wait_until_blocked(other, by=backend_pid())
    answer = other.result(timeout=30)

    stored = PersonColour.objects.get(pk=person)
    assert (stored.colour, stored.changes, ColourChange.objects.count()) == (RED, 1, 1)
    if isinstance(answer, PersonDecision):
        assert [reason.colour for reason in answer.reasons] == [RED, YELLOW]

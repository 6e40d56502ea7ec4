"""Which evidence is deleted, and that no colour changes by it."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcode.areas.models import Level
from healthcode.colours import retention
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import ColourChange, Policy, Recomputation
from healthcode.colours.policy import policy_at
from healthcode.colours.selectors import decide_from_database
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import withdraw
from tests.colours import test_agreement as worlds
from tests.colours import world
from tests.colours.world import shanghai
from tests.owner import as_owner, deleted

pytestmark = pytest.mark.clock

DAY = timedelta(days=1)
LATER = shanghai(6, 1)


@pytest.fixture
def person(policy: object) -> int:
    (someone,) = world.people(1)
    return someone


def received(fact: Evidence, at: datetime) -> Evidence:
    """Return the same fact, received at another time."""
    with transaction.atomic():
        deleted([fact.pk])
        fact.received_at = at
        fact.save(force_insert=True)
    return fact


def left() -> list[str]:
    """Return the kinds of the remaining facts, oldest first."""
    return list(Evidence.objects.order_by("starts", "id").values_list("kind", flat=True))


@pytest.mark.django_db
def test_a_closed_stay_goes_when_no_map_can_reach_it_any_more(person: int) -> None:
    """Fourteen days of the longest hold, and fourteen days to look back."""
    end = shanghai(2, 10)
    received(world.stay(person, "330106", shanghai(2, 1), end), end)
    assert retention.forget_evidence(at=end + 28 * DAY) == 0
    assert retention.forget_evidence(at=end + 28 * DAY + timedelta(seconds=1)) == 1
    assert left() == []


@pytest.mark.django_db
def test_a_stay_that_goes_on_is_kept(person: int) -> None:
    received(world.stay(person, "330106", shanghai(2, 1), None), shanghai(2, 1))
    assert retention.forget_evidence(at=LATER) == 0


@pytest.mark.django_db
def test_a_signal_keeps_its_fact_until_it_was_released(person: int) -> None:
    """A contact who never checked in is still red, and can still be told why."""
    received(
        world.fact(person, EvidenceKind.CONTACT, shanghai(2, 1), shanghai(2, 2), "close"),
        shanghai(2, 2),
    )
    assert retention.forget_evidence(at=LATER) == 0
    world.check_ins(person, shanghai(3, 1).date(), 14)
    for fact in Evidence.objects.filter(kind="check_in"):
        received(fact, fact.starts)
    assert retention.forget_evidence(at=LATER) == 15


@pytest.mark.django_db
def test_check_ins_stay_while_what_they_released_stays(person: int) -> None:
    """Otherwise a stay that goes on would turn its person yellow again.

    Later check-ins are deleted.
    """
    world.levels("330106", (Level.ORANGE, shanghai(2, 1), shanghai(2, 10)))
    received(world.stay(person, "330106", shanghai(1, 20), None), shanghai(1, 20))
    world.check_ins(person, shanghai(2, 8).date(), 20)
    for fact in Evidence.objects.filter(kind="check_in"):
        received(fact, fact.starts)
    recompute_people([person], at=LATER)
    assert world.colours([person]) == {person: 0}

    assert retention.forget_evidence(at=LATER) == 20 - 7
    recompute_people([person], at=LATER)
    assert world.colours([person]) == {person: 0}


@pytest.mark.django_db
def test_the_declaration_that_a_code_rests_on_is_kept(person: int) -> None:
    """An older declaration is deleted, with what it says about health."""
    for day in (1, 2):
        at = shanghai(2, day)
        received(world.fact(person, EvidenceKind.DECLARATION, at, at), at)
    assert retention.forget_evidence(at=LATER) == 1
    assert Evidence.objects.get().starts == shanghai(2, 2)


@pytest.mark.django_db
def test_a_withdrawn_fact_goes_in_its_time_though_it_never_ended(person: int) -> None:
    """Counted from the act, which stays."""
    act = world.act()
    fact = received(
        world.fact(person, EvidenceKind.CASE, shanghai(2, 1), None, "confirmed"), shanghai(2, 1)
    )
    withdraw(ids=[fact.pk], act=act)
    assert retention.forget_evidence(at=LATER) == 1
    act.refresh_from_db()


@pytest.mark.django_db
def test_a_fact_is_kept_for_those_derived_from_it(person: int) -> None:
    """A withdrawn case must still reach every contact that counts."""
    (met,) = world.people(1)
    case = received(
        world.fact(person, EvidenceKind.TEST, shanghai(2, 1), shanghai(2, 1), "negative"),
        shanghai(2, 1),
    )
    contact = world.fact(met, EvidenceKind.CONTACT, shanghai(2, 1), shanghai(2, 1), "close")
    received(contact, shanghai(2, 1))
    with transaction.atomic():
        deleted([contact.pk])
        contact.derived_from_id = case.pk
        contact.save(force_insert=True)
    assert retention.forget_evidence(at=LATER) == 0


@pytest.mark.django_db
def test_a_policy_to_come_keeps_what_it_will_need(person: int) -> None:
    """A published policy with a longer hold counts before it takes effect."""
    world.publish(
        world.DEFAULT_TEXT.replace("version = 2", "version = 3").replace(
            "hold_days = 14", "hold_days = 200"
        ),
        holds_from=LATER + DAY,
    )
    received(
        world.fact(person, EvidenceKind.TEST, shanghai(2, 1), shanghai(2, 1), "positive"),
        shanghai(2, 1),
    )
    assert retention.forget_evidence(at=LATER) == 0


@pytest.mark.django_db
def test_changes_and_recomputations_go_but_a_policy_is_not_brought_in_again(person: int) -> None:
    act = Policy.objects.get().act
    ended = {"state": "done", "finished_at": shanghai(2, 1)}
    Recomputation.objects.create(cause="policy", act=act, **ended)
    old = Recomputation.objects.create(cause="evidence", people=[person], **ended)
    Recomputation.objects.create(cause="evidence", people=[person])
    for number, at in ((1, shanghai(2, 1)), (2, LATER)):
        ColourChange.objects.create(
            person_id=person,
            before=0,
            after=2,
            number=number,
            since=at,
            at=at,
            recomputation=old,
        )
    assert retention.forget_changes(LATER) == 1
    assert retention.forget_recomputations(LATER) == 1
    assert sorted(Recomputation.objects.values_list("cause", flat=True)) == ["evidence", "policy"]


@pytest.mark.django_db(transaction=True)
def test_who_works_on_the_same_people_goes_first(
    person: int, beside: Callable[..., Future[Any]]
) -> None:
    """Deletion gives way to other writers, and finds the rest the next time."""
    received(world.stay(person, "330106", shanghai(2, 1), shanghai(2, 2)), shanghai(2, 2))
    recompute_people([person], at=LATER)
    with transaction.atomic():
        recompute_people([person], at=LATER)
        assert beside(retention.forget_evidence, at=LATER).result(20) == 0
    assert retention.forget_evidence(at=LATER) == 1


@pytest.mark.django_db
def test_nothing_else_can_delete_evidence(person: int) -> None:
    """The trigger lets a transaction delete only if it says that it may."""
    world.stay(person, "330106", shanghai(2, 1), shanghai(2, 2))
    with as_owner(), pytest.raises(IntegrityError), transaction.atomic():
        Evidence.objects.all().delete()


@pytest.fixture
def ids(db: None) -> list[int]:
    world.areas(*worlds.CODES)
    return world.people(10)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_no_colour_changes_by_forgetting(ids: list[int], seed: int) -> None:
    """Nothing changes, now or later, whatever the evidence, levels and policy."""
    draw = Random(seed)
    with transaction.atomic():
        by = world.act()
        text = draw.choice([world.DEFAULT_TEXT, worlds._policy(draw), worlds._policy(draw)])
        Policy.objects.create(version=1, text=text, holds_from=world.LONG_AGO, act=by)
        worlds._evidence(draw, ids, withdrawal=by)
        worlds._levels(draw, by)
        # Sooner than by the settings, so that many facts are near the limit.
        at = worlds.BEGINNING + timedelta(days=draw.randint(5, 30), hours=draw.randint(0, 23))
        times = [at + timedelta(hours=hours) for hours in (0, 30, 100, 2000)]
        before = _told(ids, times)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(django_settings, "EVIDENCE_RETENTION_DAYS", draw.randint(-14, 3))
            retention.forget_evidence(at=at)

        assert _told(ids, times) == before
        transaction.set_rollback(True)


def _told(ids: list[int], times: list[datetime]) -> list[object]:
    """Return what a person sees: colour, end, progress of the release, the next change."""
    told: list[object] = []
    for at in times:
        for id_ in ids:
            decision = decide_from_database(id_, policy_at(at), at)
            reasons = tuple((s.rule.name, s.evidence, s.ends, s.done) for s in decision.reasons)
            told.append((id_, decision.colour, decision.until, decision.next_change_at, reasons))
    return told

"""Recomputations: whom they find, that each batch is done once, and that nothing is lost."""

import time
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from healthcode.areas.models import Level
from healthcode.areas.services import publish_levels
from healthcode.colours import batches, decide_many
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import (
    Cause,
    ColourChange,
    PersonColour,
    Recomputation,
    RecomputationBatch,
    RecomputationState,
)
from healthcode.colours.one_person import decide_now
from healthcode.colours.recompute import request, run
from healthcode.colours.sweep import sweep
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import withdraw
from tests.colours import world
from tests.colours.conftest import BLOCKED, Beside, backend_pid, wait_until_blocked
from tests.colours.world import shanghai
from tests.owner import as_owner

GREEN, YELLOW, RED = Colour
NINTH = shanghai(2, 9)
NOON = shanghai(2, 20, 12)

pytestmark = pytest.mark.django_db(transaction=True)


def clock() -> datetime:
    return NOON


def publish_red(code: str) -> Recomputation:
    """Publish an area as red since the 9th, with the recomputation that this causes."""
    world.areas(code)
    with transaction.atomic():
        act = world.act()
        change = publish_levels(
            act=act, effective_from=NINTH, whole_of=None, levels={code: Level.RED}
        )
        return request(
            cause=Cause.LEVELS, act=act, areas=change.touched, touches_from=change.touches_from
        )


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PEOPLE_A_BATCH", 10)


@pytest.mark.usefixtures("policy")
def test_a_level_touches_exactly_the_stays_in_its_area_that_reach_past_it() -> None:
    names = "at_home in_township in_whole_city gone_before came_later next_door wrong touched_twice"
    who = dict(zip(names.split(), world.people(8), strict=True))
    world.stay(who["at_home"], "330104", shanghai(1, 1), None)
    world.stay(who["in_township"], "330104001", shanghai(2, 1), shanghai(2, 10))
    world.stay(who["in_whole_city"], "3301", shanghai(1, 1), None)
    world.stay(who["gone_before"], "330104", shanghai(1, 1), NINTH)
    world.stay(who["came_later"], "330104", shanghai(2, 18), shanghai(2, 18))
    world.stay(who["next_door"], "330105", shanghai(1, 1), None)
    wrong = world.stay(who["wrong"], "330104", shanghai(1, 1), None)
    withdraw(ids=[wrong.pk], act=world.act())
    for _ in range(2):
        world.stay(who["touched_twice"], "330104", shanghai(2, 9), None)
    recomputation = publish_red("330104")

    assert run(recomputation.pk, clock=clock)

    red = {who[name] for name in ("at_home", "in_township", "came_later", "touched_twice")}
    assert world.colours(list(who.values())) == dict.fromkeys(red, RED)
    recomputation.refresh_from_db()
    assert recomputation.state == RecomputationState.DONE
    assert (recomputation.people_found, recomputation.people_done) == (4, 4)
    assert recomputation.people_changed == 4
    assert (recomputation.started_at, recomputation.finished_at) == (NOON, NOON)
    changes = ColourChange.objects.filter(recomputation=recomputation)
    assert set(changes.values_list("person", flat=True)) == red


@pytest.mark.usefixtures("policy")
def test_evidence_touches_the_people_it_names_and_a_policy_everybody() -> None:
    named, other = world.people(2)
    for person in (named, other):
        world.fact(person, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")

    of_evidence = request(cause=Cause.EVIDENCE, people=[named, named])
    run(of_evidence.pk, clock=clock)
    assert world.colours([named, other]) == {named: RED}

    of_policy = request(cause=Cause.POLICY, act=world.act())
    run(of_policy.pk, clock=clock)
    assert world.colours([named, other]) == {named: RED, other: RED}
    of_policy.refresh_from_db()
    assert (of_policy.people_found, of_policy.people_changed) == (2, 1)


@pytest.mark.usefixtures("policy")
def test_nobody_touched_is_done_at_once() -> None:
    recomputation = publish_red("330104")

    assert run(recomputation.pk, clock=clock)

    recomputation.refresh_from_db()
    assert (recomputation.state, recomputation.people_found) == (RecomputationState.DONE, 0)


@pytest.mark.usefixtures("policy", "small_batches")
def test_progress_shows_while_it_runs() -> None:
    for person in world.people(25):
        world.stay(person, "330104", shanghai(1, 1), None)
    recomputation = publish_red("330104")

    assert not run(recomputation.pk, clock=clock, batches=1)

    recomputation.refresh_from_db()
    assert recomputation.state == RecomputationState.RUNNING
    assert (recomputation.people_found, recomputation.people_done) == (25, 10)
    assert recomputation.people_changed == 10
    assert recomputation.finished_at is None
    assert RecomputationBatch.objects.count() == 2


@pytest.mark.usefixtures("policy", "small_batches")
def test_four_workers_do_every_batch_once(beside: Beside) -> None:
    people = world.people(300)
    source = world.officer()
    for person in people:
        world.fact(person, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed", source=source)
    recomputation = request(cause=Cause.EVIDENCE, people=people)

    workers = [beside(run, recomputation.pk, clock=clock) for _ in range(4)]

    assert [worker.result(timeout=60) for worker in workers] == [True] * 4
    recomputation.refresh_from_db()
    assert recomputation.state == RecomputationState.DONE
    assert recomputation.people_found == recomputation.people_done == 300
    assert recomputation.people_changed == ColourChange.objects.count() == 300
    assert set(world.colours(people).values()) == {RED}
    assert not RecomputationBatch.objects.exists()


@pytest.mark.usefixtures("policy")
def test_what_was_done_once_is_written_once_however_often_it_is_done(beside: Beside) -> None:
    people = world.people(3082)
    source = world.officer()
    Evidence.objects.bulk_create(
        Evidence(
            person_id=person,
            kind=EvidenceKind.CASE,
            starts=shanghai(2, 15),
            traits=["confirmed"],
            source=source,
        )
        for person in people
    )
    recomputation = request(cause=Cause.EVIDENCE, people=people)

    workers = [beside(run, recomputation.pk, clock=clock) for _ in range(4)]
    assert [worker.result(timeout=120) for worker in workers] == [True] * 4
    written = _rows_as_written()
    for _ in range(2):
        again = request(cause=Cause.EVIDENCE, people=people)
        for worker in [beside(run, again.pk, clock=clock) for _ in range(4)]:
            worker.result(timeout=120)
    for _ in range(3):
        sweep(at=NOON)

    recomputation.refresh_from_db()
    assert recomputation.people_done == recomputation.people_changed == 3082
    assert ColourChange.objects.count() == 3082
    assert set(world.colours(people).values()) == {RED}
    assert _rows_as_written() == written


def _rows_as_written() -> list[tuple[int, str]]:
    """Return every stored colour with the transaction that wrote its row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, xmin::text FROM colours_personcolour ORDER BY person_id")
        return list(cursor.fetchall())


def recompute_one(person: int) -> int:
    return recompute_people([person], at=NOON)


def declare_one(person: int) -> object:
    return decide_now(person, at=NOON)


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("decide_one", [recompute_one, declare_one])
def test_a_declaration_that_read_the_old_map_is_not_lost(
    beside: Beside, decide_one: Callable[[int], object]
) -> None:
    """The recomputation waits for a transaction that began before the map was published."""
    world.areas("330104")
    (traveller,) = world.people(1)
    with transaction.atomic():
        world.stay(traveller, "330104", shanghai(2, 12), None)
        decide_one(traveller)
        recomputation = beside(publish_red, "330104").result(timeout=30)
        worker = beside(run, recomputation.pk, clock=clock)
        time.sleep(0.3)
        assert not worker.done()

    assert worker.result(timeout=30)
    assert world.colours([traveller]) == {traveller: RED}
    recomputation.refresh_from_db()
    assert recomputation.people_found == 1


@pytest.mark.usefixtures("policy")
def test_a_declaration_during_a_batch_waits_and_sees_the_new_map(beside: Beside) -> None:
    neighbour, traveller = people = world.people(2)
    world.stay(neighbour, "330104", shanghai(1, 1), None)
    world.stay(traveller, "330104", shanghai(2, 1), shanghai(2, 10))
    recompute_now(people)
    recomputation = publish_red("330104")
    with transaction.atomic():
        PersonColour.objects.select_for_update().get(pk=traveller)
        worker = beside(run, recomputation.pk, clock=clock)
        wait_until_blocked(worker, by=backend_pid())
        world.fact(traveller, EvidenceKind.CONTACT, shanghai(2, 1), shanghai(2, 2), "close")

    assert worker.result(timeout=30)
    assert world.colours(people) == {neighbour: RED, traveller: RED}


@pytest.mark.usefixtures("policy")
def test_a_transaction_that_does_not_end_delays_planning_and_nobody_else(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide_many, "WRITERS_PATIENCE", "200ms")
    stuck, other = world.people(2)
    world.stay(other, "330104", shanghai(1, 1), None)
    with transaction.atomic():
        recompute_people([stuck], at=NOON)
        recomputation = beside(publish_red, "330104").result(timeout=30)
        worker = beside(run, recomputation.pk, clock=clock)
        declaration = beside(recompute_now, [other])
        assert declaration.result(timeout=30) == 1
        with pytest.raises(OperationalError):
            worker.result(timeout=30)

    recomputation.refresh_from_db()
    assert (recomputation.tries, recomputation.state) == (1, RecomputationState.PENDING)
    assert run(recomputation.pk, clock=clock)
    assert world.colours([stuck, other]) == {stuck: GREEN, other: RED}


@pytest.mark.usefixtures("policy")
def test_two_reports_about_each_other_s_people_do_not_deadlock(beside: Beside) -> None:
    people = world.people(60)

    reports = [beside(recompute_now, order) for order in (people, people[::-1]) * 5]

    assert [report.result(timeout=60) for report in reports] == [0] * 10
    assert set(world.colours(people).values()) == {GREEN}


@pytest.mark.usefixtures("policy", "small_batches")
def test_a_worker_that_dies_leaves_its_batch_to_the_next(beside: Beside) -> None:
    people = world.people(30)
    for person in people:
        world.stay(person, "330104", shanghai(1, 1), None)
    recompute_now(people)
    recomputation = publish_red("330104")
    with transaction.atomic():
        # The second batch gets as far as this row; then its connection is cut.
        PersonColour.objects.select_for_update().get(pk=people[15])
        worker = beside(run, recomputation.pk, clock=clock)
        wait_until_blocked(worker, by=backend_pid())
        cut_connections_blocked_by(backend_pid())
        with pytest.raises(DatabaseError):
            worker.result(timeout=30)

    recomputation.refresh_from_db()
    assert (recomputation.state, recomputation.people_done) == (RecomputationState.RUNNING, 10)
    assert run(recomputation.pk, clock=clock)

    recomputation.refresh_from_db()
    assert (recomputation.state, recomputation.people_done) == (RecomputationState.DONE, 30)
    assert recomputation.people_changed == ColourChange.objects.count() == 30


def test_a_failure_is_told_and_tried_again_later() -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    recomputation = request(cause=Cause.EVIDENCE, people=[ill])

    for _ in range(batches.TRIES):
        with pytest.raises(NoPolicy):
            run(recomputation.pk, clock=clock)
        recomputation.refresh_from_db()
        assert recomputation.wake_at > NOON

    assert recomputation.state == RecomputationState.FAILED
    assert recomputation.failure.startswith("NoPolicy at try 5")

    world.publish()
    assert run(recomputation.pk, clock=clock)
    recomputation.refresh_from_db()
    assert (recomputation.state, recomputation.failure) == (RecomputationState.DONE, "")
    assert world.colours([ill]) == {ill: RED}


def recompute_now(people: list[int]) -> int:
    with transaction.atomic():
        return recompute_people(people, at=NOON)


def cut_connections_blocked_by(pid: int) -> None:
    """Cut every connection that waits for connection `pid`, as if its process had died."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({BLOCKED}) AS blocked", [pid])  # noqa: S608

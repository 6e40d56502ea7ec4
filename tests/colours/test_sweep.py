"""The sweep: what time alone changes, and what lost messages or dead workers left."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction

from healthcode.celery import app
from healthcode.colours import sweep as sweeping
from healthcode.colours import wake as waking
from healthcode.colours.batches import STALE_AFTER
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Cause, ColourChange, PersonColour, Recomputation
from healthcode.colours.recompute import request, run
from healthcode.colours.sweep import Swept, sweep
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from tests.colours import world
from tests.colours.conftest import Beside
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
NOON = shanghai(2, 20, 12)
END = shanghai(2, 25)

pytestmark = [pytest.mark.clock, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _settled(policy: object) -> None:
    """The policy has had its recomputation, of nobody."""
    sweep(at=NOON - timedelta(days=10))
    run(Recomputation.objects.get().pk, clock=lambda: NOON)


@pytest.fixture
def messages() -> Iterator[Callable[[], list[str]]]:
    """Return the names of the tasks in the broker's queue, which is empty at first."""
    with app.connection_for_read() as broker:
        valkey: Any = broker.default_channel

        def take() -> list[str]:
            queue = settings.CELERY_TASK_DEFAULT_QUEUE
            return [
                json.loads(m)["headers"]["task"]
                for m in iter(lambda: valkey.client.rpop(queue), None)
            ]

        take()
        yield take


def a_contact_until_the_10th(person: int) -> None:
    """Red until the 25th, with fourteen check-ins."""
    world.fact(person, EvidenceKind.CONTACT, shanghai(2, 10), shanghai(2, 11), "close")
    world.check_ins(person, shanghai(2, 11).date(), 14)


def recompute(people: list[int], at: datetime = NOON) -> None:
    with transaction.atomic():
        recompute_people(people, at=at)


def test_what_ends_by_itself_ends_at_its_instant() -> None:
    contact, well = people = world.people(2)
    a_contact_until_the_10th(contact)
    recompute(people)

    assert sweep(at=END - timedelta(microseconds=1)) == Swept(woken=0, due=0, changed=0)
    assert world.colours(people) == {contact: RED, well: GREEN}

    assert sweep(at=END) == Swept(woken=0, due=1, changed=1)
    assert world.colours(people) == {contact: GREEN, well: GREEN}
    assert PersonColour.objects.get(pk=contact).since == END
    change = ColourChange.objects.latest("at")
    assert (change.person_id, change.before, change.after) == (contact, RED, GREEN)
    assert change.recomputation is None


def test_what_begins_by_itself_begins_at_its_instant() -> None:
    (traveller,) = world.people(1)
    world.stay(traveller, "00", shanghai(2, 21), None)
    recompute([traveller])
    assert world.colours([traveller]) == {traveller: GREEN}

    sweep(at=shanghai(2, 21))

    assert world.colours([traveller]) == {traveller: RED}


def test_many_due_are_done_in_batches_by_two_sweeps_at_once(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PEOPLE_A_BATCH", 5)
    people = world.people(40)
    for person in people:
        a_contact_until_the_10th(person)
    recompute(people)
    before = ColourChange.objects.count()

    swept = [beside(sweep, at=END).result for _ in range(2)]

    assert sum(result(timeout=60).changed for result in swept) == 40
    assert ColourChange.objects.count() == before + 40
    assert set(world.colours(people).values()) == {GREEN}


def test_a_recomputation_that_does_not_move_is_woken_again(
    messages: Callable[[], list[str]],
) -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    lost = request(cause=Cause.EVIDENCE, people=[ill])
    assert messages() == ["colours.recompute"]
    lost.refresh_from_db()

    assert sweep(at=lost.wake_at - timedelta(seconds=1)).woken == 0
    assert sweep(at=lost.wake_at).woken == 1
    assert messages() == ["colours.recompute"]
    # A worker was told just now, so only after a while does this message count as lost.
    assert sweep(at=lost.wake_at).woken == 0
    assert sweep(at=lost.wake_at + STALE_AFTER).woken == 1

    run(lost.pk, clock=lambda: NOON)
    assert sweep(at=lost.wake_at + 9 * STALE_AFTER).woken == 0


def test_codes_are_published_after_a_change_and_only_then(
    messages: Callable[[], list[str]],
) -> None:
    (contact,) = world.people(1)
    a_contact_until_the_10th(contact)
    recomputation = request(cause=Cause.EVIDENCE, people=[contact])
    messages()

    run(recomputation.pk, clock=lambda: NOON)
    assert messages() == ["codes.publish"]

    sweep(at=NOON)
    assert messages() == []
    sweep(at=END)
    assert messages() == ["codes.publish"]


@pytest.fixture
def _dead_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages go to a port where nothing listens."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Celery("elsewhere", set_as_current=False) as dead:
            dead.conf.update(
                broker_url=f"redis://127.0.0.1:{nobody.getsockname()[1]}/0",
                broker_transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
                task_publish_retry=settings.CELERY_TASK_PUBLISH_RETRY,
            )
            monkeypatch.setattr(waking, "current_app", dead)
            yield


@pytest.mark.usefixtures("_dead_broker")
def test_a_dead_broker_delays_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")

    recomputation = request(cause=Cause.EVIDENCE, people=[ill])

    assert "The broker does not take colours.recompute" in caplog.text
    recomputation.refresh_from_db()
    assert sweep(at=recomputation.wake_at).woken == 1

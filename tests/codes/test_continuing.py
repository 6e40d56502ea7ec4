"""A continued status list says the same as a list built from nothing."""

import base64
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.test import override_settings

from accounts.models import Account
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists import editions
from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON
from healthcode.codes.status_lists.superseded import DatabaseSnapshot
from healthcode.colours.models import ColourChange
from healthcode.core.status import unverified
from healthcode.residents.subject_access.erasure import erase_at_request
from tests.codes.conftest import (
    NOON,
    Resident,
    clear_as_case,
    confirm_as_case,
    register,
    superseded,
)

SECOND = timedelta(seconds=1)
PATIENCE_SECONDS = 20

# Each change is committed, as in production; within one transaction every row would count as new.
pytestmark = [
    pytest.mark.clock,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("signing_key"),
]


def lists() -> dict[tuple[date, int], bytes]:
    rows = StatusList.objects.values_list("day", "part", "token")
    return {(day, part): unverified(bytes(token)).bits for day, part, token in rows}


@contextmanager
def left_open(work: Callable[[], object]) -> Iterator[None]:
    """Run `work` on another connection; it commits when the block ends."""
    done, commit = Event(), Event()

    def transact() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert commit.wait(PATIENCE_SECONDS)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        open_still = thread.submit(transact)
        assert done.wait(PATIENCE_SECONDS)
        yield
        assert not open_still.done()
        commit.set()
        open_still.result()


@pytest.mark.parametrize("seed", range(3))
def test_lists_that_go_on_are_as_lists_built_from_nothing(zhang: Resident, seed: int) -> None:
    """Draw what happens between editions: days that pass, numbers that repeat, an erasure."""
    draw = random.Random(seed)
    li = register("李四", "E11111111")
    at, ill = NOON, dict.fromkeys((zhang, li), False)
    for _ in range(5 * NUMBERS_A_PERSON):
        at += timedelta(minutes=draw.choice((1, 7, 60, 700)))
        who = draw.choice((zhang, zhang, zhang, li))
        (clear_as_case if ill[who] else confirm_as_case)(who, at=at)
        ill[who] = not ill[who]
        if draw.random() < 0.4:
            editions.publish(at=at)
    assert ColourChange.objects.filter(person=zhang.person).count() > 2 * NUMBERS_A_PERSON
    if not ill[li]:
        erase_at_request(person_id=li.person.pk, account=li.account, at=at)
    editions.publish(at=at)
    continued = lists()
    assert len(continued) > 2
    StatusList.objects.update(seen="")
    editions.publish(at=at)
    assert lists() == continued


def test_what_was_told_is_not_read_again(zhang: Resident) -> None:
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON)
    # If the code read the log once more, the end of this change would show.
    ColourChange.objects.all().delete()
    clear_as_case(zhang, at=NOON + SECOND)
    editions.publish(at=NOON + SECOND)
    assert superseded() == {(zhang.person.pk, 0), (zhang.person.pk, 1)}


def test_a_change_that_is_committed_late_is_not_passed_over(zhang: Resident) -> None:
    """The change is older than the published list, but was committed after it."""
    Account.objects.create(username="hospital")
    with left_open(lambda: confirm_as_case(zhang, at=NOON)):
        confirm_as_case(li := register("李四", "E11111111"), at=NOON + SECOND)
        editions.publish(at=NOON + SECOND)
        assert superseded() == {(li.person.pk, 0)}
    editions.publish(at=NOON + 2 * SECOND)
    assert superseded() == {(li.person.pk, 0), (zhang.person.pk, 0)}


def test_after_the_database_was_restored_lists_are_built_from_nothing(zhang: Resident) -> None:
    """PostgreSQL then numbers transactions anew, so they cannot tell what was committed since."""
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON)
    origin, _, seen = DatabaseSnapshot.now().text.partition(" ")
    for other in (f"1{origin} {seen}", f"{origin} 99999999:99999999:"):
        assert not DatabaseSnapshot.now().continues(DatabaseSnapshot(other))
        StatusList.objects.update(seen=other)
        assert editions.publish(at=NOON - SECOND) == 2
        assert superseded() == {(zhang.person.pk, 0)}
        # Verifiers keep the younger of two lists.
        assert StatusList.objects.filter(built_at__lt=NOON).count() == 0
    assert editions.publish(at=NOON) == 0


def test_with_another_key_lists_are_built_from_nothing(zhang: Resident) -> None:
    """Every code then has another index, and the old bits belong to other codes."""
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON)
    other = base64.b64encode(b"k" * 32).decode()
    with override_settings(STATUS_INDEX_KEY=other):
        assert editions.publish(at=NOON + SECOND) == 2
        assert superseded() == {(zhang.person.pk, 0)}


def test_whoever_comes_while_another_publishes_leaves_it_to_them(zhang: Resident) -> None:
    """A worker that waited for its turn could do nothing else meanwhile, such as recolouring."""
    with left_open(lambda: editions._take_turn(timedelta())):
        assert editions.publish_unless_busy(at=NOON) == 0
        assert not StatusList.objects.exists()
    assert editions.publish_unless_busy(at=NOON) == 2

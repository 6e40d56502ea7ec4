"""A case is searched once at a time: the same inquiry opened twice is one act."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from accounts.models import Account
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence
from healthcode.tracing.models import Inquiry
from healthcode.tracing.services import open_inquiry
from tests.acts import GROUND, SENT_GROUND
from tests.areas.conftest import client_of
from tests.colours import world
from tests.colours.world import shanghai
from tests.tracing.conftest import CONFIRMED, NOW, Town


def inquire(town: Town, account: Account | None = None, **changed: Any) -> Inquiry:
    given = {"infectious_from": None, "infectious_until": None, "ground": GROUND, "at": NOW}
    return open_inquiry(
        account=account or town.officer, evidence_id=town.evidence.pk, **(given | changed)
    )


def test_the_same_case_and_window_give_the_open_inquiry(town: Town) -> None:
    first = inquire(town)
    assert inquire(town) == first
    assert inquire(town, at=NOW + timedelta(hours=3)) == first
    assert inquire(town, world.officer("3301")) == first
    assert inquire(town, infectious_from=CONFIRMED - timedelta(days=14)) == first
    assert Act.objects.filter(kind="tracing-opened").count() == 1


def test_another_window_is_another_inquiry(town: Town) -> None:
    first = inquire(town)
    earlier = inquire(town, infectious_from=CONFIRMED - timedelta(days=20))
    shorter = inquire(town, infectious_until=CONFIRMED - timedelta(hours=1))
    assert len({first.pk, earlier.pk, shorter.pk}) == 3


def test_a_window_that_ends_now_is_the_same_a_moment_later(town: Town) -> None:
    """Only the day of the confirmation is known, so the window grows until that day is over."""
    end_of_day = shanghai(3, 9)
    town.evidence = Evidence.objects.create(
        person_id=town.case,
        kind="case",
        starts=shanghai(3, 8),
        starts_by=end_of_day,
        traits=["confirmed"],
        source=town.officer,
    )
    first = inquire(town)
    assert first.infectious_until == NOW
    assert inquire(town, at=NOW + timedelta(minutes=5)) == first
    given = inquire(town, infectious_until=NOW - timedelta(hours=1))
    assert given != first
    assert inquire(town, at=NOW + timedelta(minutes=6)) == first
    assert inquire(town, at=end_of_day + timedelta(hours=1)) not in {first, given}


def test_a_confirmed_inquiry_is_no_reason_not_to_search_again(town: Town) -> None:
    first = town.inquire()
    town.confirm(first)
    assert inquire(town) != first


def test_by_interface_and_page_it_is_the_same_inquiry(town: Town) -> None:
    given = {"case": town.evidence.pk, **SENT_GROUND}
    browser = Client()
    browser.force_login(town.officer)
    with time_machine.travel(NOW, tick=False):
        client = client_of(town.officer)
        first = client.post("/api/v1/inquiries", given, format="json")
        again = client.post("/api/v1/inquiries", given, format="json")
        page = browser.post("/officer/inquiries", given)
    assert (again.status_code, again.content) == (201, first.content)
    assert page["Location"] == f"/officer/inquiries/{first.json()['id']}"
    assert Inquiry.objects.count() == 1


@pytest.fixture
def real_town(transactional_db: None) -> Town:
    """Return the town, with real transactions."""
    world.publish()
    return Town()


def test_at_the_same_instant_it_is_one_inquiry(real_town: Town) -> None:
    officers = [real_town.officer, *(world.officer("33") for _ in range(3))]
    together = Barrier(4)

    def run(number: int) -> int:
        together.wait()
        try:
            return inquire(real_town, officers[number], at=_moment(number)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(run, range(4)))) == 1
    assert Act.objects.filter(kind="tracing-opened").count() == 1


def _moment(number: int) -> datetime:
    return NOW + timedelta(milliseconds=number)

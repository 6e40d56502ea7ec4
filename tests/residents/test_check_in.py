"""The daily check-in: once a day in Shanghai, even for two at once, and it counts for release."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from healthcode.core import Colour
from healthcode.evidence.declarations import CheckIn, Declaration
from healthcode.evidence.errors import AlreadyCheckedIn
from healthcode.evidence.models import Evidence
from healthcode.evidence.traits import traits_of_health
from healthcode.residents.declarations.services import check_in, declare
from healthcode.web.days import SHANGHAI
from tests.evidence.conftest import World

pytestmark = pytest.mark.clock

URL = "/api/v1/check-ins"
WELL = CheckIn(symptoms=(), temperature=Decimal("36.5"))
MET_A_CASE = Declaration(symptoms=(), temperature=None, contact_with_case=True, stays=())


@pytest.mark.parametrize(
    ("symptoms", "temperature", "traits"),
    [
        ([], None, ()),
        ([], "37.2", ()),
        ([], "37.3", ("fever",)),
        (["cough"], "36.5", ("symptoms",)),
        (["fever"], None, ("symptoms", "fever")),
        (["cough", "headache"], "38.0", ("symptoms", "fever")),
    ],
)
def test_what_symptoms_and_temperature_come_to(
    symptoms: list[str], temperature: str | None, traits: tuple[str, ...]
) -> None:
    measured = None if temperature is None else Decimal(temperature)
    assert traits_of_health(symptoms, measured) == traits


def test_a_check_in_is_once_a_day(resident_client: APIClient, world: World) -> None:
    given = {"person": world.person.pk, "temperature": 36.5, "symptoms": []}
    assert resident_client.post(URL, given, format="json").status_code == 201
    again = resident_client.post(URL, {**given, "temperature": 38}, format="json")
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/already-checked-in"
    child = {**given, "person": world.child.pk}
    assert resident_client.post(URL, child, format="json").status_code == 201
    assert Evidence.objects.get(person=world.person).traits == ["healthy"]


def test_a_feverish_check_in_turns_yellow(resident_client: APIClient, world: World) -> None:
    given = {"person": world.person.pk, "temperature": 38.5, "symptoms": ["cough"]}
    answer = resident_client.post(URL, given, format="json").json()
    assert answer["colour"] == "yellow"
    assert [reason["rule"] for reason in answer["reasons"]] == ["symptoms-at-check-in"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"temperature": None}, "/temperature"),
        ({"temperature": 3}, "/temperature"),
        ({"symptoms": None}, "/symptoms"),
        ({"symptoms": ["hunger"]}, "/symptoms/0"),
        ({"day": "2020-02-24"}, "/day"),
    ],
)
def test_bad_input_is_refused(
    resident_client: APIClient, world: World, changes: dict[str, Any], pointer: str
) -> None:
    given = {"person": world.person.pk, "temperature": 36.5, "symptoms": [], **changes}
    answer = resident_client.post(URL, given, format="json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Evidence.objects.exists()


def test_a_stranger_is_not_checked_in(resident_client: APIClient, world: World) -> None:
    given = {"person": world.stranger.pk, "temperature": 36.5, "symptoms": []}
    assert resident_client.post(URL, given, format="json").status_code == 404


def test_the_day_ends_at_midnight_in_shanghai(world: World, now: datetime) -> None:
    late = (now + timedelta(days=1)).astimezone(SHANGHAI).replace(hour=23, minute=59)
    for at in (late, late + timedelta(minutes=1)):
        check_in(account=world.zhang, person=world.person, check_in=WELL, at=at)
    with pytest.raises(AlreadyCheckedIn):
        check_in(
            account=world.zhang, person=world.person, check_in=WELL, at=late + timedelta(hours=24)
        )


def test_fourteen_days_of_check_ins_release(world: World, now: datetime) -> None:
    start = now.astimezone(SHANGHAI).replace(hour=8)
    declare(account=world.zhang, person=world.person, declaration=MET_A_CASE, at=start)
    for day in range(14):
        decision = check_in(
            account=world.zhang,
            person=world.person,
            check_in=WELL,
            at=start + timedelta(days=day, hours=1),
        )
        assert decision.colour == Colour.RED
        needs = decision.reasons[0].needs
        assert needs is not None
        assert (needs.done, needs.needed) == (day + 1, 14)
    assert decision.until == start + timedelta(days=14)


def test_the_number_of_queries_is_bounded(resident_client: APIClient, world: World) -> None:
    given = {"person": world.person.pk, "temperature": 36.5, "symptoms": []}
    with CaptureQueriesContext(connection) as queries:
        assert resident_client.post(URL, given, format="json").status_code == 201
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) <= 18


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told_that_it_is_there(world: World, now: datetime) -> None:
    together = Barrier(2)

    def tap() -> str:
        together.wait()
        try:
            check_in(account=world.zhang, person=world.person, check_in=WELL, at=now)
        except AlreadyCheckedIn as refusal:
            return refusal.slug
        finally:
            connection.close()
        return "stored"

    with ThreadPoolExecutor(2) as pool:
        outcomes = [tapped.result() for tapped in [pool.submit(tap), pool.submit(tap)]]
    assert sorted(outcomes) == ["already-checked-in", "stored"]
    assert Evidence.objects.count() == 1

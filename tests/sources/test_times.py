"""What the times and days of a reported line mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from healthcode.colours.recompute import run
from healthcode.colours.selectors import colour_of, decision_of
from healthcode.evidence.models import Evidence
from healthcode.web.days import day_of
from tests.colours.world import shanghai
from tests.evidence.conftest import HOME, World

pytestmark = pytest.mark.clock


def day_ago(days: int) -> str:
    """Return the date in Shanghai so many days ago."""
    return day_of(datetime.now(UTC) - timedelta(days=days)).isoformat()


def noon_ago(days: int, hour: int = 12) -> str:
    """Return an hour of that day in Shanghai, noon by default."""
    return f"{day_ago(days)}T{hour:02}:00:00+08:00"


Reported = list[tuple[str, str]]
POSITIVE, NEGATIVE = "positive", "negative"


@pytest.mark.parametrize(
    ("tests", "colour"),
    [
        pytest.param(
            [(NEGATIVE, noon_ago(15, 7)), (POSITIVE, day_ago(15)), (NEGATIVE, noon_ago(16, 8))],
            "red",
            id="the positive may have come after both negatives",
        ),
        pytest.param(
            [(POSITIVE, noon_ago(20)), (NEGATIVE, day_ago(3)), (NEGATIVE, day_ago(2))],
            "red",
            id="two dates prove no hours",
        ),
        pytest.param(
            [(POSITIVE, day_ago(20)), (NEGATIVE, day_ago(4)), (NEGATIVE, day_ago(2))],
            "green",
            id="but a day between them does",
        ),
        pytest.param(
            [(NEGATIVE, noon_ago(3)), (NEGATIVE, noon_ago(2)), (POSITIVE, noon_ago(20))],
            "green",
            id="the positive arrives last",
        ),
        pytest.param([(POSITIVE, noon_ago(20))], "red", id="the positive alone"),
        pytest.param(
            [(POSITIVE, noon_ago(20)), *[(NEGATIVE, noon_ago(3))] * 3],
            "red",
            id="one negative three times",
        ),
        pytest.param(
            [(POSITIVE, noon_ago(20)), (NEGATIVE, noon_ago(20)), (NEGATIVE, noon_ago(3))],
            "red",
            id="a second look at the swab",
        ),
    ],
)
def test_tests_by_day_and_by_instant(
    source_client: APIClient, world: World, tests: Reported, colour: str
) -> None:
    person = world.person.pk
    for result, sampled_at in tests:
        line = {"person": person, "result": result, "sampled_at": sampled_at}
        answer = source_client.post("/api/v1/evidence/tests", line, format="json")
        assert answer.status_code == 201, answer.content
        run(answer.json()["recomputation"])

    stored = colour_of(person)
    assert stored is not None
    assert stored.get_colour_display() == colour
    assert decision_of(person, datetime.now(UTC)).colour.label == colour


@pytest.mark.parametrize(
    ("kind", "line", "period", "starts_by"),
    [
        ("tests", {"result": "negative", "sampled_at": "2020-02-15"}, (15, 16), None),
        ("cases", {"status": "confirmed", "confirmed_at": "2020-02-15"}, (15, None), 16),
        (
            "cases",
            {
                "status": "confirmed",
                "confirmed_at": "2020-02-15T00:00:00+08:00",
                "recovered_at": "2020-02-20",
            },
            (15, 21),
            None,
        ),
        ("stays", {"area": HOME, "from": "2020-02-15", "to": "2020-02-15"}, (15, 16), None),
        (
            "contacts",
            {"strength": "close", "from": "2020-02-15", "to": "2020-02-16"},
            (15, 17),
            None,
        ),
    ],
)
def test_of_a_day_both_ends_are_kept(
    source_client: APIClient,
    world: World,
    kind: str,
    line: dict[str, Any],
    period: tuple[int, int | None],
    starts_by: int | None,
) -> None:
    answer = source_client.post(
        f"/api/v1/evidence/{kind}", {"person": world.person.pk, **line}, format="json"
    )

    assert answer.status_code == 201, answer.content
    fact = Evidence.objects.get()
    assert (fact.starts, fact.ends, fact.starts_by) == tuple(
        None if day is None else shanghai(2, day) for day in (*period, starts_by)
    )


def test_a_day_and_its_midnight_are_two_statements(source_client: APIClient, world: World) -> None:
    """With the same reference the second is a change, and only an officer may make one."""
    line = {"person": world.person.pk, "result": "positive", "reference": "1"}
    case = {"person": world.person.pk, "status": "confirmed", "reference": "1"}
    midnight = "2020-02-15T00:00:00+08:00"

    for kind, given, member in (("tests", line, "sampled_at"), ("cases", case, "confirmed_at")):
        url = f"/api/v1/evidence/{kind}"
        answers = [
            source_client.post(url, {**given, member: moment}, format="json").status_code
            for moment in ("2020-02-15", "2020-02-15", midnight)
        ]
        assert answers == [201, 201, 409]

"""The same map published twice is one act, without any key; a map that differs is another act."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Account, Role
from healthcode.acts.grounds import GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.areas.services import LevelsChange, publish_levels
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.officers.maps.published import PublishedMap, change_of
from healthcode.officers.maps.services import publish_map
from tests.acts import GROUND, SENT_GROUND
from tests.areas.conftest import client_of, shanghai, staff

RED: Final = {"330102": Level.RED, "330106": Level.BLUE}
THAT_DAY: Final = shanghai("2020-02-09")


def publish(account: Account, **changed: Any) -> PublishedMap:
    given = {"effective_from": THAT_DAY, "ground": GROUND, "whole_of": "33", "levels": RED}
    return publish_map(account=account, at=timezone.now(), **(given | changed))


def test_the_same_map_of_the_same_officer_is_the_same_act(officer: Account) -> None:
    publish(officer, levels={"330103": Level.RED}, effective_from=THAT_DAY - timedelta(days=1))
    publish(officer, levels={"330106": Level.RED}, effective_from=THAT_DAY + timedelta(days=1))
    first = publish(officer)
    again = publish(officer)
    assert (again.act, again.recomputation) == (first.act, first.recomputation)
    assert again.change == first.change
    assert [one.code for one in first.change.fell] == ["330103"]
    assert first.change.touched == ("330102", "330103", "330106")
    assert Recomputation.objects.count() == Act.objects.count() == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"effective_from": THAT_DAY + timedelta(minutes=1)},
        {"levels": {**RED, "330106": Level.YELLOW}},
        {"levels": {"330102": Level.RED}},
        {"whole_of": None},
        {"whole_of": "3301"},
        {"ground": replace(GROUND, text=f"{GROUND.text}!")},
        {"ground": replace(GROUND, kind=GroundKind.RISK_ASSESSMENT)},
    ],
    ids=["later", "another level", "fewer areas", "no whole", "smaller", "words", "kind"],
)
def test_whatever_differs_is_another_act(officer: Account, changed: dict[str, Any]) -> None:
    first = publish(officer)
    assert publish(officer, **changed).act.pk > first.act.pk


def test_the_same_map_of_another_officer_is_another_act(officer: Account) -> None:
    first = publish(officer)
    second = publish(staff("li", Role.OFFICER, "33"))
    assert second.act.pk > first.act.pk
    assert second.change.touched == ()
    # Now the levels rest on the act of Li, so Wang says again what Wang said.
    assert publish(officer).act.pk > second.act.pk


@pytest.mark.parametrize("area", ["330102", "330103"], ids=["listed", "silently green"])
def test_a_map_that_another_has_replaced_counts_again(officer: Account, area: str) -> None:
    publish(officer, levels={"330103": Level.RED}, effective_from=THAT_DAY - timedelta(days=1))
    first = publish(officer)
    publish(
        officer,
        levels={area: Level.ORANGE},
        whole_of=None,
        effective_from=THAT_DAY + timedelta(days=2),
    )
    again = publish(officer)
    assert again.act.pk > first.act.pk
    assert again.change.touched == (area,)
    assert AreaLevel.objects.get(area=area, during__endswith__isnull=True).act == again.act


def test_a_map_that_names_no_area_is_one_act_too(officer: Account) -> None:
    assert publish(officer, levels={}).act == publish(officer, levels={}).act


def test_an_act_that_does_not_say_what_it_replaced_is_not_repeated(officer: Account) -> None:
    labels = {code: level.label for code, level in RED.items()}
    act = record_act(
        account=officer,
        role=Role.OFFICER,
        kind=ActKind.LEVELS_PUBLISHED,
        area="33",
        ground=GROUND,
        detail={"effective_from": THAT_DAY.isoformat(), "whole_of": "33", "levels": labels},
        at=timezone.now(),
    )
    change = publish_levels(act=act, effective_from=THAT_DAY, whole_of="33", levels=RED)
    request(cause=Cause.LEVELS, act=act, areas=change.touched, touches_from=THAT_DAY)
    assert publish(officer).act.pk > act.pk


def test_an_act_says_what_it_changed(officer: Account) -> None:
    changes: list[LevelsChange] = []
    for day, levels in enumerate([RED, {"330102": Level.GREEN, "330203": Level.RED}, {}, RED]):
        published = publish(officer, levels=levels, effective_from=THAT_DAY - timedelta(days=day))
        assert change_of(published.act) == published.change
        changes.append(published.change)
    assert all(change.touched for change in changes)


def test_by_the_interface_the_answer_is_the_same(officer: Account) -> None:
    def put(client: APIClient, **changed: object) -> Any:
        body = {"effective_from": "2020-02-09", **SENT_GROUND, **changed}
        body["levels"] = [{"code": "330102", "level": "red"}]
        return client.put("/api/v1/areas/levels", json.dumps(body), content_type="application/json")

    client = client_of(officer)
    first = put(client)
    assert (first.status_code, first.json()["rose"][0]["code"]) == (200, "330102")
    assert put(client).content == first.content
    # The same instant, written in another way.
    assert put(client, effective_from="2020-02-08T16:00:00Z").content == first.content
    assert Act.objects.count() == 1


@pytest.fixture
def real_officer(transactional_db: None) -> Iterator[Account]:
    """Create an officer and two counties, with real transactions."""
    Area.objects.bulk_create(Area(code=code, name=code) for code in ("33", *RED))
    yield staff("wang", Role.OFFICER, "33")
    AreaLevel.objects.all().delete()


def test_at_the_same_instant_it_is_one_act(real_officer: Account) -> None:
    together = Barrier(4)

    def run(_number: int) -> tuple[int, LevelsChange]:
        together.wait()
        try:
            published = publish(real_officer)
            return published.act.pk, published.change
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(run, range(4)))
    assert [answer == answers[0] for answer in answers] == [True] * 4
    assert Act.objects.count() == Recomputation.objects.count() == 1

"""Compare the history of levels with a simple model: a table of every area on every day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcode.areas.errors import UnknownArea
from healthcode.areas.models import AreaLevel, Level
from healthcode.areas.selectors import levels_on, map_on
from healthcode.areas.services import LevelsChange, levels_as_if, publish_levels
from tests.areas.conftest import levels_of, shanghai

DAYS = 12
START = shanghai("2020-02-01")
AREAS = ("33", "3301", "330102", "330106", "330203")


@dataclass(frozen=True)
class DatedMap:
    """A published map in the model; days are numbers, and day 0 is `START`."""

    day: int
    whole_of: str | None
    levels: dict[str, Level]


publications = st.lists(
    st.builds(
        DatedMap,
        day=st.integers(0, DAYS - 1),
        whole_of=st.sampled_from([None, "33", "3301"]),
        levels=st.dictionaries(st.sampled_from(AREAS), st.sampled_from(Level), max_size=4),
    ),
    min_size=1,
    max_size=5,
)


class Model:
    """The level of every area on every day; None if no map has named the area."""

    def __init__(self) -> None:
        self.table: dict[tuple[str, int], Level | None] = {
            (code, day): None for code in AREAS for day in range(DAYS)
        }

    def publish(self, map_: DatedMap) -> None:
        before = dict(self.table)
        named = {code for (code, _), level in before.items() if level is not None}
        silent = {
            code for code in named if map_.whole_of is not None and code.startswith(map_.whole_of)
        }
        for code in {*map_.levels, *silent}:
            for day in range(map_.day, DAYS):
                self.table[code, day] = map_.levels.get(code, Level.GREEN)

    def on(self, day: int) -> dict[str, Level]:
        return {code: level for code in AREAS if (level := self.table[code, day]) is not None}

    def since(self, code: str, day: int) -> int:
        first = day
        while first > 0 and self.table[code, first - 1] == self.table[code, day]:
            first -= 1
        return first


def moment(day: int) -> datetime:
    return START + timedelta(days=day)


def differences(before: Model, after: Model, *, day: int) -> dict[str, tuple[Level, Level]]:
    pairs = {
        code: (before.table[code, day] or Level.GREEN, after.table[code, day] or Level.GREEN)
        for code in AREAS
    }
    return {code: pair for code, pair in pairs.items() if pair[0] != pair[1]}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(publications)
def test_every_day_reads_as_if_each_map_had_been_written_into_a_table(
    act_on: Callable[[datetime], Any], maps: list[DatedMap]
) -> None:
    with transaction.atomic():
        model = Model()
        for map_ in maps:
            before = Model()
            before.table = dict(model.table)
            model.publish(map_)
            change = publish_levels(
                act=act_on(START),
                effective_from=moment(map_.day),
                whole_of=map_.whole_of,
                levels=map_.levels,
            )
            assert_tells_the_difference(change, before, model, day=map_.day)
        for day in range(DAYS):
            shown = levels_on(on=moment(day))
            assert {row.code: row.level for row in shown} == model.on(day)
            assert {row.code: row.since for row in shown} == {
                code: moment(model.since(code, day)) for code in model.on(day)
            }
        transaction.set_rollback(True)


def assert_tells_the_difference(
    change: LevelsChange, before: Model, after: Model, *, day: int
) -> None:
    differing = differences(before, after, day=day)
    changed = {one.code: (one.before, one.after) for one in (*change.rose, *change.fell)}
    assert changed == differing
    assert all(one.after > one.before for one in change.rose)
    assert all(one.after < one.before for one in change.fell)
    later = {code for on in range(day, DAYS) for code in differences(before, after, day=on)}
    assert set(change.touched) == later
    assert change.touches_from == moment(day)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(publications)
def test_a_trial_tells_what_publishing_tells_and_leaves_no_trace(
    act_on: Callable[[datetime], Any], maps: list[DatedMap]
) -> None:
    with transaction.atomic():
        for map_ in maps:
            arguments: dict[str, Any] = {
                "effective_from": moment(map_.day),
                "whole_of": map_.whole_of,
                "levels": map_.levels,
            }
            rows = list(AreaLevel.objects.order_by("id").values_list())
            with levels_as_if(**arguments) as tried:
                as_if = map_on(on=moment(DAYS - 1))
            assert list(AreaLevel.objects.order_by("id").values_list()) == rows
            assert publish_levels(act=act_on(START), **arguments) == tried
            assert map_on(on=moment(DAYS - 1)) == as_if
        transaction.set_rollback(True)


def test_the_bulletin_of_24_february_comes_out_of_the_two_maps(
    act_on: Callable[[datetime], Any],
) -> None:
    publish(act_on, "2020-02-09")
    change = publish(act_on, "2020-02-24")

    before, after = levels_of("2020-02-09"), levels_of("2020-02-24")
    assert change.rose == ()
    assert [(one.code, one.before, one.after) for one in change.fell] == [
        (code, level, after[code]) for code, level in sorted(before.items()) if after[code] < level
    ]
    assert len(change.fell) == 78
    assert change.touched == tuple(one.code for one in change.fell)

    shown = map_on(on=shanghai("2020-02-28"), within="33")
    assert {level.label: count for level, count in shown.counts.items()} == {
        "red": 0,
        "orange": 0,
        "yellow": 2,
        "blue": 6,
        "green": 82,
    }
    assert (shown.rose, shown.fell) == (change.rose, change.fell)
    assert shown.changed_at == shanghai("2020-02-24")
    assert len({row.code for row in shown.levels if row.since == shanghai("2020-02-09")}) == 12

    earlier = map_on(on=shanghai("2020-02-23"), within="33")
    assert list(earlier.counts.values()) == [1, 12, 12, 53, 12]
    assert len(earlier.rose) == 78


def test_a_map_that_repeats_another_changes_nothing_and_says_so(
    act_on: Callable[[datetime], Any],
) -> None:
    publish(act_on, "2020-02-09")
    change = publish_levels(
        act=act_on(START),
        effective_from=shanghai("2020-02-12"),
        whole_of="33",
        levels=levels_of("2020-02-09"),
    )
    assert (change.rose, change.fell, change.touched) == ((), (), ())
    shown = map_on(on=shanghai("2020-02-13"), within="33")
    assert (shown.rose, shown.fell, shown.changed_at) == ((), (), shanghai("2020-02-12"))
    assert {row.since for row in shown.levels} == {shanghai("2020-02-09")}


def test_the_number_of_statements_does_not_grow_with_the_map(
    act_on: Callable[[datetime], Any],
) -> None:
    publish(act_on, "2020-02-09")
    act = act_on(START)
    spoken = []
    for levels in ({"330102": Level.RED}, levels_of("2020-02-24")):
        with CaptureQueriesContext(connection) as queries:
            publish_levels(
                act=act, effective_from=shanghai("2020-02-24"), whole_of="33", levels=levels
            )
        spoken.append(len(queries))
    assert max(spoken) == 7
    with CaptureQueriesContext(connection) as queries:
        map_on(on=shanghai("2020-02-25"), within="33")
    assert len(queries) == 4


def test_a_code_that_ended_keeps_its_meaning(act_on: Callable[[datetime], Any]) -> None:
    change = publish_levels(
        act=act_on(START),
        effective_from=shanghai("2022-01-01"),
        whole_of=None,
        levels={"330103": Level.RED},
    )
    assert [one.code for one in change.rose] == ["330103"]


def test_an_unknown_code_is_refused_and_nothing_stored(act_on: Callable[[datetime], Any]) -> None:
    with pytest.raises(UnknownArea) as refusal:
        publish_levels(
            act=act_on(START),
            effective_from=START,
            whole_of=None,
            levels={"330102": Level.RED, "339999": Level.RED},
        )
    assert refusal.value.members["codes"] == ["339999"]
    assert not AreaLevel.objects.exists()


def publish(act_on: Callable[[datetime], Any], day: str) -> LevelsChange:
    return publish_levels(
        act=act_on(shanghai(day)),
        effective_from=shanghai(day),
        whole_of="33",
        levels=levels_of(day),
    )

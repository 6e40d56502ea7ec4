"""The same seed gives the same city, and nobody is in two places at once."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby, pairwise

import pytest

from healthcode.tools.synthetic_city import rows
from healthcode.tools.synthetic_city.people import (
    BLOCK,
    Case,
    Instants,
    Plan,
    StayRow,
    cases,
    homes,
    stays,
)

UNTIL = date(2020, 2, 24)
MINUTES = 14 * 24 * 60


def plan(*, seed: int = 1, people: int = BLOCK, cases_a_million: int = 50) -> Plan:
    return Plan(
        seed=seed,
        people=people,
        homes=[("330102001", 3.0), ("330103", 1.0)],
        journeys=[("330203", 2.0), ("330304", 1.0)],
        until=UNTIL,
        cases_a_million=cases_a_million,
    )


def by_person(city: Plan) -> Iterator[list[StayRow]]:
    for _, theirs in groupby(stays(city, 0), key=lambda stay: stay.person):
        yield list(theirs)


def test_the_same_seed_gives_the_same_rows() -> None:
    assert rows.evidence(plan(), 0, 7) == rows.evidence(plan(), 0, 7)


def test_another_seed_gives_another_city() -> None:
    assert rows.evidence(plan(seed=2), 0, 7) != rows.evidence(plan(seed=1), 0, 7)


def test_a_block_is_the_same_whatever_the_size_of_the_city() -> None:
    larger = plan(people=5 * BLOCK)

    assert list(stays(larger, 0)) == list(stays(plan(), 0))


def test_blocks_number_everybody_once() -> None:
    city = plan(people=2 * BLOCK + 7)

    numbers = [home.person for block in range(city.blocks) for home in homes(city, block)]

    assert numbers == list(range(1, 2 * BLOCK + 8))


def test_a_person_is_always_somewhere_and_nowhere_twice() -> None:
    people = 0
    for theirs in by_person(plan()):
        people += 1
        assert theirs[0].starts == 0
        assert theirs[-1].ends is None
        assert all(one.ends == next_.starts for one, next_ in pairwise(theirs))
        assert all(stay.starts <= (stay.ends or MINUTES) <= MINUTES for stay in theirs)
    assert people == BLOCK


def test_everybody_begins_and_ends_the_window_at_home() -> None:
    city = plan()
    home = {home.person: home.area for home in homes(city, 0)}

    for theirs in by_person(city):
        assert {theirs[0].area, theirs[-1].area} == {home[theirs[0].person]}


def test_homes_follow_the_weights() -> None:
    counted = [home.area for home in homes(plan(), 0)]

    assert counted.count("330102001") / BLOCK == pytest.approx(0.75, abs=0.03)


def test_there_are_three_stays_a_person() -> None:
    assert sum(1 for _ in stays(plan(), 0)) / BLOCK == pytest.approx(3.0, abs=0.1)


def test_people_set_out_by_day() -> None:
    hours = [stay.starts // 60 % 24 for theirs in by_person(plan()) for stay in theirs[1::2]]

    night = sum(hour < 5 for hour in hours) / len(hours)

    assert night < 0.04
    assert max(set(hours), key=hours.count) in {7, 8}


def test_as_many_are_ill_as_the_plan_says() -> None:
    everybody = list(cases(plan(cases_a_million=1_000_000), 0))

    assert len(everybody) == BLOCK
    assert all(isinstance(case, Case) and 0 <= case.starts < MINUTES for case in everybody)
    assert list(cases(plan(cases_a_million=0), 0)) == []


def test_instants_are_written_with_their_offset() -> None:
    at = Instants(plan())

    assert at[0] == "2020-02-10 0:0+08"
    assert at[MINUTES] == "2020-02-24 0:0+08"
    assert at[None] == r"\N"

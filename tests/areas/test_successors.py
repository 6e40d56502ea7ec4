"""The table of successors is complete, fits the register, and leads to the right levels."""

from datetime import date

import pytest

from healthcode.areas.register import register
from healthcode.areas.successors import (
    Carry,
    areas_for,
    carries,
    places_of,
    successions,
    successors_of,
)
from healthcode.web.days import start_of_day

DELTA = ("31", "32", "33", "34")
FIRST = date(2015, 1, 1)
HANGZHOU = start_of_day(date(2021, 4, 9))


def test_every_code_of_the_delta_that_ended_since_2015_has_a_successor() -> None:
    ended = {
        code
        for code, division in register().items()
        if code.startswith(DELTA) and division.ends and division.ends >= FIRST
    }
    assert len(ended) >= 86
    assert [code for code in sorted(ended) if not successors_of(code)] == []


def test_every_row_names_codes_of_the_register_and_its_source() -> None:
    for row in successions():
        assert row.old.startswith(DELTA), row
        assert row.new.startswith(DELTA), row
        assert row.old != row.new, row
        assert row.old in register(), row
        assert register()[row.new].ends is None, row
        assert row.since >= FIRST, row
        assert row.source, row
        ends = register()[row.old].ends
        assert ends is None or row.since <= ends or "part" in row.source, row


def test_only_a_part_of_what_goes_on_is_called_something_else() -> None:
    for row in successions():
        if not row.has_ended:
            assert "part" in row.source, row


@pytest.mark.parametrize(
    ("code", "successors"),
    [
        ("330103", ("330105",)),
        ("330104", ("330102", "330114")),
        ("310108", ("310106",)),
        ("310230", ("310151",)),
        ("3102", ("3101",)),
        ("341521", ("340422",)),
        ("340823", ("340711", "340722")),
        ("320684", ("320614",)),
        ("331021", ("331083",)),
        ("340123200", ("340123111",)),
        ("110228", ()),
        ("330110", ()),
    ],
)
def test_who_succeeded(code: str, successors: tuple[str, ...]) -> None:
    assert successors_of(code) == successors


def test_an_area_that_nobody_can_place_may_have_lain_in_each_township_of_its_county() -> None:
    townships = {
        code
        for code, division in register().items()
        if code.startswith("340302") and len(code) == 9 and not division.ends
    }
    assert set(successors_of("340302100")) == townships
    assert len(townships) > 1


def test_what_is_said_of_a_successor_counts_for_the_code_that_ended_and_the_reverse() -> None:
    assert Carry("330105", "330103", HANGZHOU, None, None) in carries()["330105"]
    assert Carry("330103", "330105", HANGZHOU, None, None) in carries()["330103"]
    assert "3301" not in areas_for("330103")[4:]
    assert set(areas_for("330103")) == {"33", "3301", "330103", "330105"}
    assert set(areas_for("341521")) == {"34", "3415", "341521", "3404", "340422"}
    assert set(places_of("330114")) == {"330114", "330104", "330109"}


def test_of_a_code_that_went_on_only_what_was_meant_before_counts() -> None:
    assert Carry("330110", "330113", HANGZHOU, HANGZHOU, None) in carries()["330110"]
    assert Carry("330113", "330110", HANGZHOU, None, HANGZHOU) in carries()["330113"]


def test_what_the_old_city_says_after_a_county_left_it_is_not_of_that_county() -> None:
    since = start_of_day(date(2015, 12, 3))
    assert Carry("3415", "340422", since, since, None) in carries()["3415"]

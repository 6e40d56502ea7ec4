"""No new area code releases anybody: codes that ended or lost land, for one person and for many."""

from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from healthcode.areas.models import Area, Level
from healthcode.areas.register import register
from healthcode.colours.decide_many import codes_touched, evaluate_levels, recompute_people
from healthcode.colours.models import Cause
from healthcode.colours.one_person import decide_now
from healthcode.colours.policy import RuleSet
from healthcode.colours.recompute import request, run
from healthcode.colours.selectors import PersonDecision, decision_of
from healthcode.core import Colour
from healthcode.web.days import SHANGHAI
from tests.colours import world

pytestmark = pytest.mark.usefixtures("policy")
HANGZHOU = datetime(2021, 4, 9, tzinfo=SHANGHAI)
DAY = timedelta(days=1)
LATER = datetime(2021, 6, 1, 12, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def places(policy: RuleSet) -> None:
    """Make the divisions of these tests, as in the register."""
    wanted = ("330102", "330103", "330104", "330105", "330110", "330113", "330114", "330102001")
    others = ("341521", "340422", "110228")
    codes = {code[:n] for code in (*wanted, *others) for n in (2, 4, 6, 9) if n <= len(code)}
    Area.objects.bulk_create(
        Area(code=code, name=(row := register()[code]).name, begins=row.begins, ends=row.ends)
        for code in codes
    )


def colours(person: int, at: datetime) -> tuple[Colour, Colour]:
    """Return the colour by `decide()`, and as the statement for many people stores it."""
    decided = decision_of(person, at).colour
    recompute_people([person], at=at)
    return decided, Colour(world.colours([person])[person])


def both(colour: Colour) -> tuple[Colour, Colour]:
    return colour, colour


@pytest.mark.parametrize(
    ("stayed", "red", "colour"),
    [
        ("330103", "330105", Colour.RED),
        ("330103", "330103", Colour.RED),
        ("330103", "330102", Colour.GREEN),
        ("330105", "330103", Colour.RED),
        ("330104", "330102", Colour.RED),
        ("330104", "330114", Colour.RED),
        ("330104", "330105", Colour.GREEN),
        ("330114", "330104", Colour.RED),
        ("330102001", "330104", Colour.RED),
        ("341521", "340422", Colour.RED),
        ("341521", "3404", Colour.RED),
        ("340422", "341521", Colour.RED),
        ("340422", "3415", Colour.GREEN),
        ("330113", "330110", Colour.GREEN),
        ("330110", "330113", Colour.GREEN),
        ("110228", "11", Colour.RED),
    ],
)
def test_a_stay_of_the_last_days_counts_for_every_successor(
    stayed: str, red: str, colour: Colour
) -> None:
    [person] = world.people(1)
    world.stay(person, stayed, LATER - 3 * DAY, LATER)
    world.levels(red, (Level.RED, LATER - 2 * DAY, None))
    assert colours(person, LATER) == both(colour)


def test_before_the_code_ended_the_other_area_was_another() -> None:
    """A stay and a level of the same time meet only under their own codes."""
    here, there = world.people(2)
    world.stay(here, "330103", HANGZHOU - 5 * DAY, HANGZHOU - 3 * DAY)
    world.stay(there, "330105", HANGZHOU - 5 * DAY, HANGZHOU - 3 * DAY)
    world.levels("330105", (Level.RED, HANGZHOU - 6 * DAY, None))
    assert colours(here, HANGZHOU + DAY) == both(Colour.GREEN)
    assert colours(there, HANGZHOU + DAY) == both(Colour.RED)


@pytest.mark.parametrize(
    ("code", "red", "raised", "colour"),
    [
        ("330103", "330105", HANGZHOU - 20 * DAY, Colour.RED),
        ("330103", "330105", HANGZHOU + 2 * DAY, Colour.RED),
        ("330105", "330103", HANGZHOU - 20 * DAY, Colour.RED),
        ("330110", "330113", HANGZHOU + 2 * DAY, Colour.RED),
        ("330113", "330110", HANGZHOU - 20 * DAY, Colour.RED),
        ("330113", "330110", HANGZHOU + 2 * DAY, Colour.GREEN),
    ],
)
def test_a_stay_that_spans_the_end_counts_from_then_on(
    code: str, red: str, raised: datetime, colour: Colour
) -> None:
    [person] = world.people(1)
    world.stay(person, code, HANGZHOU - 3 * DAY, HANGZHOU + 5 * DAY)
    world.levels(red, (Level.RED, raised, None))
    at = HANGZHOU + 5 * DAY
    assert colours(person, at) == both(colour)
    if colour is Colour.RED:
        [reason] = decision_of(person, at).reasons
        assert reason.starts == max(HANGZHOU, raised)


def test_a_policy_for_areas_holds_for_the_codes_that_these_replaced() -> None:
    rule = 'name = "n"\nevidence = "stay"\ncolour = "yellow"\nhold_days = 3\n'
    text = f"""
version = 9
name = "p"
title = {{ zh = "p", en = "p" }}
[[rule]]
{rule}areas = ["330105"]
reason = {{ zh = "r", en = "r" }}
"""
    world.publish(text, holds_from=HANGZHOU - 30 * DAY)
    now, then = world.people(2)
    world.stay(now, "330103", LATER - 2 * DAY, LATER)
    world.stay(then, "330103", HANGZHOU - 2 * DAY, HANGZHOU - DAY)
    assert colours(now, LATER) == both(Colour.YELLOW)
    assert colours(then, HANGZHOU + DAY) == both(Colour.GREEN)


def test_a_map_finds_and_recolours_who_was_there_under_the_old_code() -> None:
    old, new, elsewhere = world.people(3)
    for person, code in ((old, "330103"), (new, "330105"), (elsewhere, "330114")):
        world.stay(person, code, LATER - 3 * DAY, LATER)
    recompute_people([old, new, elsewhere], at=LATER - DAY)
    world.levels("330105", (Level.RED, LATER - 2 * DAY, None))
    assert codes_touched(["330105"]) == ["330103", "330105"]
    found = evaluate_levels(areas=["330105"], touches_from=LATER - 2 * DAY, at=LATER)
    assert (found.people, found.then[Colour.RED]) == (2, 2)
    asked = request(cause=Cause.LEVELS, areas=["330105"], touches_from=LATER - 2 * DAY)
    run(asked.pk, clock=lambda: LATER)
    assert world.colours([old, new, elsewhere]) == {old: 2, new: 2, elsewhere: 0}


def told(person: int) -> PersonDecision:
    return decide_now(person, at=LATER)


def test_the_reason_says_whose_level_counts_and_why() -> None:
    [person] = world.people(1)
    world.stay(person, "330103", LATER - 3 * DAY, LATER)
    world.levels("330105", (Level.RED, LATER - 2 * DAY, None))
    [reason] = told(person).reasons
    assert (reason.area, reason.area_name) == ("330103", "浙江省杭州市下城区")
    assert "浙江省杭州市拱墅区" in reason.zh
    assert "so the risk level of 浙江省杭州市拱墅区 applies" in reason.en


def test_where_no_successor_is_known_the_reason_says_that_the_parents_level_counts() -> None:
    here, then = world.people(2)
    world.stay(here, "110228", LATER - 3 * DAY, LATER)
    world.stay(then, "330103", HANGZHOU - 3 * DAY, HANGZHOU - DAY)
    world.levels("11", (Level.RED, LATER - 2 * DAY, None))
    world.levels("3301", (Level.RED, HANGZHOU - 9 * DAY, HANGZHOU))
    [reason] = told(here).reasons
    assert "the levels of 北京市 (11) apply" in reason.en
    assert "按上级北京市（11）的风险等级来定" in reason.zh
    with override("en"):
        [past] = decide_now(then, at=HANGZHOU + DAY).reasons
    assert "ended" not in past.en
    assert "whose level counts" not in past.en

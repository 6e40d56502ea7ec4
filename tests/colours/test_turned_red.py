"""How many people turn red in an area on a day, and when an hour is unusual."""

from datetime import date, datetime, timedelta

import pytest

from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import TurnedRed
from healthcode.colours.safeguards import SHIPPED
from healthcode.colours.turned_red import count_days, forget_days, is_alarming, usual_in
from healthcode.evidence.models import EvidenceKind
from tests.colours import world
from tests.colours.world import shanghai

ALARM = SHIPPED.alarm
HANGZHOU, NINGBO = "330106", "330203"
NOON = shanghai(2, 20, 12)
DAY = timedelta(days=1)


def redden(number: int, home: str, at: datetime) -> None:
    """Make people who turn red at this time."""
    people = world.people(number, home)
    recompute_people(people, at=at - DAY)
    for person in people:
        world.fact(person, EvidenceKind.CASE, at, None, "confirmed")
    recompute_people(people, at=at)


def counted(*days: int) -> None:
    """Count so many people of Hangzhou a day, the last day before NOON first."""
    for back, people in enumerate(days, 1):
        day = NOON.date() - back * DAY
        for area in ("", HANGZHOU):
            TurnedRed.objects.create(day=day, area=area, people=people)


@pytest.mark.clock
@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
def test_each_day_is_counted_once_by_the_county_of_the_home() -> None:
    redden(2, HANGZHOU, shanghai(2, 18, 0))
    redden(1, HANGZHOU, shanghai(2, 18, 23, 59))
    redden(4, NINGBO, shanghai(2, 18, 9))
    redden(5, HANGZHOU, shanghai(2, 19, 0))
    redden(9, HANGZHOU, shanghai(2, 20, 1))

    assert count_days(at=NOON) == 27
    rows = set(TurnedRed.objects.exclude(people=0).values_list("day", "area", "people"))
    day = date(2020, 2, 18)
    assert rows == {
        (day, "", 7),
        (day, HANGZHOU, 3),
        (day, NINGBO, 4),
        (day + DAY, "", 5),
        (day + DAY, HANGZHOU, 5),
    }
    assert count_days(at=NOON) == 0
    assert count_days(at=NOON + DAY) == 1
    assert usual_in("", ALARM, at=NOON) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("policy")
def test_whoever_only_turns_yellow_or_green_is_not_counted() -> None:
    (person,) = world.people(1, HANGZHOU)
    recompute_people([person], at=shanghai(2, 17))
    world.fact(person, EvidenceKind.DECLARATION, shanghai(2, 18), shanghai(2, 18), "symptoms")
    recompute_people([person], at=shanghai(2, 18, 8))
    count_days(at=NOON)
    assert not TurnedRed.objects.exclude(people=0).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("area", "usual"), [("", 6), ("33", 6), ("3301", 6), (HANGZHOU, 6), ("3302", 0)]
)
def test_the_usual_number_is_the_median_of_the_days_of_an_area(area: str, usual: float) -> None:
    counted(6, 100, 4, 6, 90)
    assert usual_in(area, ALARM, at=NOON) == usual


@pytest.mark.django_db
def test_a_township_has_what_is_usual_in_its_county() -> None:
    counted(3)
    assert usual_in(HANGZHOU + "001", ALARM, at=NOON) == 3


@pytest.mark.django_db
def test_only_the_days_of_the_policy_matter_and_never_today() -> None:
    counted(*[2] * 14, *[50] * 10)
    TurnedRed.objects.create(day=NOON.date(), area="", people=1000)
    assert usual_in("", ALARM, at=NOON) == 2


@pytest.mark.django_db
def test_before_the_first_day_nothing_is_usual() -> None:
    assert usual_in("33", ALARM, at=NOON) == 0


@pytest.mark.parametrize(
    ("reddened", "usual", "alarming"),
    [(5, 0, False), (6, 0, True), (6, 1.5, True), (6, 2, False), (13, 4, True), (12, 4, False)],
)
def test_an_alarm_needs_more_people_than_both_figures(
    reddened: int, usual: float, alarming: bool
) -> None:
    assert is_alarming(ALARM, reddened=reddened, usual=usual) is alarming


@pytest.mark.django_db
def test_old_days_are_forgotten() -> None:
    counted(*range(1, 41))
    forget_days(NOON)
    kept = set(TurnedRed.objects.values_list("day", flat=True))
    assert kept == {NOON.date() - back * DAY for back in range(1, 29)}

"""Acts by which unusually many people turn red within an hour wait for a second person."""

from datetime import timedelta
from typing import Any

import pytest

from healthcode.acts.models import Proposal
from healthcode.areas.models import Level
from healthcode.colours.alarms import ALARMS
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import TurnedRed
from healthcode.officers.maps.services import PublishedMap
from tests.colours import world
from tests.confirmation.conftest import NOON, Office, recolour

NEAR, FAR = "330203", "330204"
HOUR = timedelta(hours=1)


@pytest.fixture
def watched(db: None) -> Office:
    """The shipped policy with its alarm: more than five people within an hour."""
    world.publish(world.DEFAULT_TEXT)
    return Office()


def travellers(number: int, area: str) -> list[int]:
    """Make people who are in an area, in which nobody else is."""
    world.areas(area)
    people = world.people(number, home=area)
    for person in people:
        world.stay(person, area, NOON - timedelta(days=7), None)
    recompute_people(people, at=NOON - timedelta(days=2))
    return people


def usual(people: int, area: str) -> None:
    """Let so many people of an area turn red on each of the last days."""
    for back in range(1, 15):
        day = NOON.date() - timedelta(days=back)
        TurnedRed.objects.get_or_create(day=day, area="", defaults={"people": people})
        TurnedRed.objects.create(day=day, area=area, people=people)


def raised() -> float:
    """Return how many alarms by officers the metric has counted."""
    return ALARMS.labels("officer")._value.get()


def red(office: Office, area: str) -> Any:
    return office.map({area: Level.RED})


def test_six_people_within_an_hour_raise_the_alarm_and_five_do_not(watched: Office) -> None:
    travellers(5, NEAR)
    travellers(6, FAR)
    before = raised()
    assert isinstance(red(watched, NEAR), PublishedMap)
    assert raised() == before
    watched.at += 2 * HOUR
    waiting = red(watched, FAR)
    assert isinstance(waiting, Proposal)
    assert waiting.is_alarm
    assert raised() == before + 1


def test_the_acts_of_an_hour_count_together(watched: Office) -> None:
    travellers(4, NEAR)
    travellers(2, FAR)
    assert isinstance(red(watched, NEAR), PublishedMap)
    recolour(at=NOON)
    watched.at += HOUR - timedelta(seconds=1)
    assert isinstance(red(watched, FAR), Proposal)
    watched.at += timedelta(seconds=2)
    assert isinstance(red(watched, FAR), PublishedMap)


@pytest.mark.parametrize(("people", "is_alarm"), [(2, False), (1, True)])
def test_what_is_usual_there_raises_no_alarm(watched: Office, people: int, is_alarm: bool) -> None:
    travellers(6, FAR)
    usual(people, FAR)
    assert isinstance(red(watched, FAR), Proposal) is is_alarm


def test_another_officer_confirms_what_raised_the_alarm(watched: Office) -> None:
    travellers(6, FAR)
    watched.confirm(red(watched, FAR))
    recolour(at=NOON)
    assert Proposal.objects.get().act is not None


def test_whoever_turns_yellow_raises_no_alarm(watched: Office) -> None:
    travellers(10, FAR)
    assert isinstance(watched.map({FAR: Level.ORANGE}), PublishedMap)


def test_a_proposal_beyond_the_threshold_alone_is_no_alarm(office: Office) -> None:
    waiting = office.map()
    assert isinstance(waiting, Proposal)
    assert not waiting.is_alarm

"""Visits and rides of generated people agree with their stays."""

from collections import Counter, defaultdict

import pytest

from healthcode.tools.synthetic_city.people import BLOCK, Plan, homes, stays
from healthcode.tools.synthetic_city.visits import PEOPLE_A_LINE, VENUES, CityMap, presences
from healthcode.tracing.kinds import PlaceKind
from tests.tools.synthetic_city.test_people import MINUTES, plan


def areas_of_places(city: Plan) -> dict[int, tuple[str, str]]:
    return {place.id: (place.kind, place.area) for place in CityMap(city).places()}


def test_places_are_of_kinds_that_tracing_knows() -> None:
    kinds = {kind for kind, _ in areas_of_places(plan()).values()}

    assert kinds <= set(PlaceKind.values)


def test_no_place_has_the_number_of_another_or_of_a_household() -> None:
    city = plan()
    numbers = [place.id for place in CityMap(city).places()]

    assert len(numbers) == len(set(numbers))
    assert min(numbers) > max(home.household for home in homes(city, 0))


def test_everybody_visits_where_they_stay() -> None:
    city = plan()
    places = areas_of_places(city)
    spells = defaultdict(list)
    for stay in stays(city, 0):
        spells[stay.person].append(stay)

    visits = [presence for presence in presences(city, 0) if presence.carriage is None]

    for visit in visits:
        stay = next(s for s in spells[visit.person] if s.ends is None or visit.starts < s.ends)
        assert {stay.area, places[visit.place][1]} <= street_of(city, visit.place)
    # People on a journey out of the city visit nothing here.
    assert 4.5 * BLOCK < len(visits) <= 5.2 * BLOCK


def street_of(city: Plan, place: int) -> set[str]:
    """Return the areas through which a venue's street goes."""
    here = CityMap(city)
    street = (place - here.venue(0, 0)) // VENUES
    return {
        area for area, (first, last) in here.reach.items() if first < street + 1 and street < last
    }


def test_a_larger_city_has_more_places_and_not_fuller_ones() -> None:
    """How many people a visitor meets does not depend on the city's size, so that sizes compare."""
    full = [_company(plan(people=number * PEOPLE_A_LINE)) for number in (1, 2)]

    assert full[1] == pytest.approx(full[0], rel=0.05)


def _company(city: Plan) -> float:
    """Return the average number of presences in the same place in the two weeks."""
    visitors = Counter(
        presence.place for block in range(city.blocks) for presence in presences(city, block)
    )
    return sum(number**2 for number in visitors.values()) / visitors.total()


def test_whoever_leaves_the_city_takes_a_train_with_a_seat() -> None:
    city = plan()
    places = areas_of_places(city)
    far = {area for area, _ in city.journeys}

    rides = [presence for presence in presences(city, 0) if presence.carriage is not None]

    assert len(rides) == sum(stay.area in far for stay in stays(city, 0))
    assert {places[ride.place][0] for ride in rides} == {"train"}
    assert all(ride.sure and ride.row for ride in rides)


def test_nobody_enters_one_place_twice_in_a_minute() -> None:
    entered = [(p.place, p.starts, p.person) for p in presences(plan(), 0)]

    assert len(entered) == len(set(entered))
    assert all(0 <= starts < MINUTES for _, starts, _ in entered)

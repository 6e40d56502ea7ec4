"""Draw where the city's people were together: homes, venues, trains.

Places are numbered so that any process can compute a place's number. Households come first, with
the number of their first person. Then come the venues of each area, then the trains by hour and
destination.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from random import Random
from typing import Final, NamedTuple

from healthcode.tools.synthetic_city.people import DAY, Plan, StayRow, stays

# How many people there are for each street, and for each train an hour. So a larger city has more
# venues and trains, not fuller ones.
PEOPLE_A_STREET: Final = 2500
PEOPLE_A_LINE: Final = 50_000
# One visit in this many is a venue's picture that the visitor scanned, which nobody else saw.
_UNSEEN: Final = 10
# Kinds of venues in the order of a street, with the shortest and the longest visit in minutes.
_KINDS: Final = (
    ("restaurant", 20, 100),
    ("shop", 5, 40),
    ("shop", 5, 40),
    ("market", 10, 60),
    ("office", 60, 540),
    ("school", 180, 480),
    ("hospital", 20, 180),
    ("station", 5, 60),
    ("leisure", 60, 180),
    ("other", 5, 90),
)
VENUES: Final = len(_KINDS)
"""Venues in a street. Neighbours are of different kinds."""

# How many people visit in each hour: some before work, more at noon, most after work.
_WEIGHTS: Final = (
    *(2, 1, 1, 1, 2, 6, 20, 42, 50, 40, 42, 60),
    *(64, 42, 38, 38, 44, 62, 72, 64, 48, 30, 16, 6),
)
_HOURS: Final = tuple(hour for hour, weight in enumerate(_WEIGHTS) for _ in range(weight))
_CARRIAGES, _ROWS = 16, 18
_RIDE: Final = (40, 200)


class PlaceRow(NamedTuple):
    """A row of the places. `kind` is as in tracing."""

    id: int
    kind: str
    area: str


class PresenceRow(NamedTuple):
    """A person was at a place from one minute of the period to another."""

    person: int
    place: int
    starts: int
    ends: int
    sure: bool
    carriage: int | None = None
    row: int | None = None


@dataclass(frozen=True)
class CityMap:
    """The places of a city besides homes: streets with venues, and lines with a train an hour."""

    plan: Plan

    @cached_property
    def streets(self) -> int:
        """Return how many streets the city has."""
        return max(1, round(self.plan.people / PEOPLE_A_STREET))

    @cached_property
    def lines(self) -> int:
        """Return how many trains leave in an hour."""
        return max(1, round(self.plan.people / PEOPLE_A_LINE))

    @cached_property
    def reach(self) -> dict[str, tuple[float, float]]:
        """Return the first and last street of each area, as fractions.

        A street across a border belongs to both areas. So every street has the same number of
        people, however small the areas are.
        """
        sums = list(accumulate(weight for _, weight in self.plan.homes))
        ends = [self.streets * end / sums[-1] for end in sums]
        areas = [area for area, _ in self.plan.homes]
        return dict(zip(areas, zip([0.0, *ends], ends, strict=False), strict=True))

    @cached_property
    def destinations(self) -> frozenset[str]:
        """Return the areas that trains go to."""
        return frozenset(area for area, _ in self.plan.journeys)

    def venue(self, street: int, number: int) -> int:
        """Return the number of a venue in a street."""
        return self.plan.people + 1 + street * VENUES + number

    def train(self, minute: int, line: int) -> int:
        """Return the number of the line's train in that hour."""
        return self.venue(self.streets, 0) + minute // 60 * self.lines + line

    def places(self) -> Iterator[PlaceRow]:
        """Yield all venues and trains."""
        areas = list(self.reach)
        ends = [end for _, end in self.reach.values()]
        for street in range(self.streets):
            area = areas[bisect_right(ends, street + 0.5)]
            for number in range(VENUES):
                yield PlaceRow(self.venue(street, number), kind_of(street, number)[0], area)
        for minute in range(0, self.plan.days * DAY, 60):
            for line in range(self.lines):
                yield PlaceRow(self.train(minute, line), "train", "")


def kind_of(street: int, number: int) -> tuple[str, int, int]:
    """Return a venue's kind, with the shortest and the longest visit in minutes.

    The busiest venue of a street is of another kind than that of the next street.
    """
    return _KINDS[(street + number) % VENUES]


def presences(plan: Plan, block: int) -> Iterator[PresenceRow]:
    """Yield the block's visits and train rides, at places where the person's stays allow them."""
    random = Random(f"{plan.seed} visits {block}")  # noqa: S311 - the same every time is wanted
    here = CityMap(plan)
    for person, theirs in groupby(stays(plan, block), key=lambda stay: stay.person):
        spells = list(theirs)
        yield from _rides(person, spells, here, random)
        starts: set[int] = set()
        for _ in range(_below(2 * plan.visits_a_person + 1, random)):
            hour = _HOURS[_below(len(_HOURS), random)]
            minute = _below(plan.days, random) * DAY + hour * 60 + _below(60, random)
            if minute not in starts:
                starts.add(minute)
                yield from _visit(person, minute, spells, here, random)


def _visit(
    person: int, minute: int, spells: list[StayRow], here: CityMap, random: Random
) -> Iterator[PresenceRow]:
    stay = next(spell for spell in spells if spell.ends is None or minute < spell.ends)
    reach = here.reach.get(stay.area)
    if reach is None:
        return
    first, last = reach
    street = min(int(first + (last - first) * random.random()), here.streets - 1)
    # The first venues of a street get the most visits.
    number = int(VENUES * random.random() ** 2)
    _, shortest, longest = kind_of(street, number)
    ends = minute + shortest + _below(longest - shortest + 1, random)
    sure = _below(_UNSEEN, random) != 0
    yield PresenceRow(person, here.venue(street, number), minute, ends, sure)


def _rides(
    person: int, spells: list[StayRow], here: CityMap, random: Random
) -> Iterator[PresenceRow]:
    for spell in spells:
        if spell.area in here.destinations and spell.ends is not None:
            seat = 1 + _below(_CARRIAGES, random), 1 + _below(_ROWS, random)
            ends = spell.starts + random.randint(*_RIDE)
            train = here.train(spell.starts, _below(here.lines, random))
            yield PresenceRow(person, train, spell.starts, ends, True, *seat)


def _below(number: int, random: Random) -> int:
    """Return a random whole number below `number`; `randrange` takes several times as long."""
    return int(number * random.random())

"""Where people of a generated city were together: homes, venues, trains. Drawn like the rest.

Places are numbered so that any process can tell a place's number without asking: households by
their first person, then the venues of each area, then the trains of each hour and destination.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from random import Random
from typing import Final, NamedTuple

from healthcode.city.people import DAY, Plan, Stay, stays

PEOPLE_A_VENUE: Final = 250
# A visit in so many is a picture that the visitor scanned, which nobody else saw.
_UNSEEN: Final = 10
# Kinds of venues as they come in a street, with the shortest and the longest visit in minutes.
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
# When people visit, hour by hour: before work, at noon, and most after work.
_HOURS: Final = (
    *(2, 1, 1, 1, 2, 6, 20, 42, 50, 40, 42, 60),
    *(64, 42, 38, 38, 44, 62, 72, 64, 48, 30, 16, 6),
)
_CARRIAGES, _ROWS = 16, 18
_RIDE: Final = (40, 200)


class Place(NamedTuple):
    """A row of the places. `kind` as tracing names it."""

    id: int
    kind: str
    area: str


class Presence(NamedTuple):
    """Somebody was at a place from one minute of the window to another."""

    person: int
    place: int
    starts: int
    ends: int
    sure: bool
    carriage: int | None = None
    row: int | None = None


@dataclass(frozen=True)
class Map:
    """The places of a city beside its homes."""

    plan: Plan

    @cached_property
    def venues(self) -> dict[str, range]:
        """The numbers of each area's venues."""
        weights = [weight for _, weight in self.plan.homes]
        wanted = self.plan.people / PEOPLE_A_VENUE / sum(weights)
        numbers = [max(1, round(weight * wanted)) for weight in weights]
        ends = [self.plan.people + 1 + end for end in accumulate(numbers)]
        areas = [area for area, _ in self.plan.homes]
        return {
            area: range(end - number, end)
            for area, number, end in zip(areas, numbers, ends, strict=True)
        }

    @cached_property
    def destinations(self) -> dict[str, int]:
        """The areas that trains go to, numbered."""
        return {area: number for number, (area, _) in enumerate(self.plan.journeys)}

    def train(self, minute: int, destination: str) -> int:
        """The number of the train of that hour."""
        hour = minute // 60
        return self._first_train + hour * len(self.destinations) + self.destinations[destination]

    @cached_property
    def _first_train(self) -> int:
        return max(venues.stop for venues in self.venues.values())

    def places(self) -> Iterator[Place]:
        """Every venue and train."""
        for area, numbers in self.venues.items():
            for number in numbers:
                yield Place(number, _KINDS[number % len(_KINDS)][0], area)
        trains = self.plan.days * 24 * len(self.destinations)
        for number in range(self._first_train, self._first_train + trains):
            yield Place(number, "train", "")


def presences(plan: Plan, block: int) -> Iterator[Presence]:
    """The block's visits and train rides, each where the person's stays say they were."""
    random = Random(f"{plan.seed} visits {block}")  # noqa: S311 - the same every time is wanted
    here = Map(plan)
    hours = list(accumulate(_HOURS))
    for person, theirs in groupby(stays(plan, block), key=lambda stay: stay.person):
        spells = list(theirs)
        yield from _rides(person, spells, here, random)
        starts: set[int] = set()
        for _ in range(random.randint(0, 2 * plan.visits_a_person)):
            hour = random.choices(range(24), cum_weights=hours)[0]
            minute = random.randrange(plan.days) * DAY + hour * 60 + random.randrange(60)
            if minute not in starts:
                starts.add(minute)
                yield from _visit(person, minute, spells, here, random)


def _visit(
    person: int, minute: int, spells: list[Stay], here: Map, random: Random
) -> Iterator[Presence]:
    stay = next(spell for spell in spells if spell.ends is None or minute < spell.ends)
    venues = here.venues.get(stay.area)
    if venues is None:
        return
    # People go where people go: the first venues of an area see the most.
    place = venues[int(len(venues) * random.random() ** 2)]
    _, shortest, longest = _KINDS[place % len(_KINDS)]
    ends = minute + random.randint(shortest, longest)
    yield Presence(person, place, minute, ends, random.randrange(_UNSEEN) != 0)


def _rides(person: int, spells: list[Stay], here: Map, random: Random) -> Iterator[Presence]:
    for spell in spells:
        if spell.area in here.destinations and spell.ends is not None:
            seat = random.randint(1, _CARRIAGES), random.randint(1, _ROWS)
            ends = spell.starts + random.randint(*_RIDE)
            train = here.train(spell.starts, spell.area)
            yield Presence(person, train, spell.starts, ends, True, *seat)

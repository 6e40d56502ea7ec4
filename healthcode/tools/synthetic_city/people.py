"""Draw the people of an invented city block by block. The same seed gives the same people.

This module is pure and needs no Django, so that other processes can draw while one loads. A block
depends only on the city's seed and its own number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from healthcode.tools.synthetic_city.population import Weights

BLOCK: Final = 5000
"""People in a block. The last block of a city may be smaller."""

# Households by size, in thousandths: 2.34 people on average, as in the province's seventh census.
_HOUSEHOLDS: Final = ((1, 307), (2, 321), (3, 193), (4, 105), (5, 51), (6, 23))
# Journeys of one person in two weeks, in thousandths: one on average, which gives three stays.
_JOURNEYS: Final = ((0, 410), (1, 280), (2, 200), (3, 110))
_LEAVES_THE_CITY: Final = 0.3
_STAYS_OVERNIGHT: Final = 0.35
# How many people set out in each hour of the day: a peak in the morning, a lower one after work.
_SETS_OUT: Final = (
    *(1, 1, 1, 1, 2, 6, 18, 42, 46, 30, 20, 16),
    *(14, 16, 16, 15, 16, 24, 28, 18, 10, 6, 3, 2),
)
_SETS_OUT_BY: Final = tuple(accumulate(_SETS_OUT))
# The shortest and the longest time away within a day, in minutes.
_AWAY: Final = (90, 600)
DAY: Final = 24 * 60
"""Minutes in a day."""

NULL: Final = r"\N"
"""An unknown value in COPY's text form."""


@dataclass(frozen=True)
class Plan:
    """Which city: the number of people, their weights, and the days that end at `until`."""

    seed: int
    people: int
    homes: Weights
    journeys: Weights
    until: date
    days: int = 14
    cases_a_million: int = 50
    visits_a_person: int = 5

    @property
    def blocks(self) -> int:
        """Return how many blocks the city has."""
        return -(-self.people // BLOCK)

    def ids(self, block: int) -> range:
        """Return the numbers of the block's people. The first person of the city is number 1."""
        return range(block * BLOCK + 1, min((block + 1) * BLOCK, self.people) + 1)


class Home(NamedTuple):
    """Where a person lives. A household has the number of its first person."""

    person: int
    household: int
    area: str


class StayRow(NamedTuple):
    """A person was in `area` from one minute of the period to another; None: still there."""

    person: int
    area: str
    starts: int
    ends: int | None


class Case(NamedTuple):
    """A person was confirmed as a case in this minute of the period."""

    person: int
    starts: int


class _Choice:
    """Draws codes by weight, again and again."""

    def __init__(self, weights: Weights) -> None:
        self.codes = [code for code, _ in weights]
        self.sums = list(accumulate(weight for _, weight in weights))

    def draw(self, random: Random) -> str:
        return random.choices(self.codes, cum_weights=self.sums)[0]


def homes(plan: Plan, block: int) -> Iterator[Home]:
    """Yield the home of each person of the block; a household lives together."""
    random = Random(f"{plan.seed} homes {block}")  # noqa: S311 - the same every time is wanted
    choice = _Choice(plan.homes)
    sizes, weights = zip(*_HOUSEHOLDS, strict=True)
    left, household, area = 0, 0, ""
    for person in plan.ids(block):
        if left == 0:
            left, area = random.choices(sizes, weights)[0], choice.draw(random)
            household = person
        left -= 1
        yield Home(person, household, area)


def stays(plan: Plan, block: int) -> Iterator[StayRow]:
    """Yield where the block's people were in the period, without gaps: at home or on a journey."""
    random = Random(f"{plan.seed} stays {block}")  # noqa: S311
    near, far = _Choice(plan.homes), _Choice(plan.journeys)
    numbers, weights = zip(*_JOURNEYS, strict=True)
    sums = list(accumulate(weights))
    for person, _, home in homes(plan, block):
        since = 0
        journeys = random.choices(numbers, cum_weights=sums)[0]
        for leaves, returns in _journeys(journeys, plan.days, random):
            there = (far if random.random() < _LEAVES_THE_CITY else near).draw(random)
            yield StayRow(person, home, since, leaves)
            yield StayRow(person, there, leaves, returns)
            since = returns
        yield StayRow(person, home, since, None)


def cases(plan: Plan, block: int) -> Iterator[Case]:
    """Yield who of the block was confirmed as a case, and when."""
    random = Random(f"{plan.seed} cases {block}")  # noqa: S311
    for person in plan.ids(block):
        if random.random() * 1_000_000 < plan.cases_a_million:
            yield Case(person, random.randrange(plan.days * DAY))


class Instants:
    """The minutes of the period as COPY reads them. The days are Shanghai's."""

    def __init__(self, plan: Plan) -> None:
        first = plan.until - timedelta(days=plan.days)
        self._days = [str(first + timedelta(days=n)) for n in range(plan.days + 1)]
        self._clock = [f" {minute // 60}:{minute % 60}+08" for minute in range(DAY)]

    def __getitem__(self, minute: int | None) -> str:
        if minute is None:
            return NULL
        return self._days[minute // DAY] + self._clock[minute % DAY]

    def day(self, minute: int) -> str:
        """Return the day of a minute."""
        return self._days[minute // DAY]


def _journeys(number: int, days: int, random: Random) -> Iterator[tuple[int, int]]:
    """Yield when each journey begins and ends, in minutes; each has its part of the period."""
    part = days // max(number, 1)
    for journey in range(number):
        overnight = random.random() < _STAYS_OVERNIGHT
        latest = part - 2 if overnight else part - 1
        day = journey * part + random.randint(0, latest)
        hour = random.choices(range(24), cum_weights=_SETS_OUT_BY)[0]
        leaves = day * DAY + hour * 60 + random.randrange(60)
        longest = DAY if overnight else min(_AWAY[1], (day + 1) * DAY - leaves)
        yield leaves, leaves + random.randint(min(_AWAY[0], longest), longest)

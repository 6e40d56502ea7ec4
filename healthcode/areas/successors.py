"""What became of codes that ended or lost land: `data/successors.csv`, and what follows from it.

The table speaks of the provinces of the Yangtze River Delta since 2015. Each row names the decision
that it rests on, with `part` where the old code went on without that part of its land. A successor
that contains the old code stands for each township in it: nobody knows in which it lay.
docs/decisions/0028-codes-have-a-life.md tells what counts and why.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from healthcode.areas.register import containing, register
from healthcode.core.instants import read_date
from healthcode.web.days import start_of_day

SUCCESSORS: Final = Path(__file__).parent / "data" / "successors.csv"


@dataclass(frozen=True, slots=True)
class Succession:
    """From the day `since` on, land of `old` is called `new`; `has_ended`: all of it is."""

    old: str
    new: str
    since: date
    has_ended: bool
    source: str


@dataclass(frozen=True, slots=True)
class Carry:
    """What is said of `area` counts for stays in `place` too, from `since` on.

    Nobody is released by a spelling: the two name land that is in part the same. `said_before` and
    `stayed_before`: only what was said, or stays that began, before the code lost that land. None
    where the code has ended, because it can mean nothing else.
    """

    area: str
    place: str
    since: datetime
    said_before: datetime | None
    stayed_before: datetime | None


Carries = Mapping[str, tuple[Carry, ...]]
"""By the code of `area`, or of `place`."""


@cache
def successions() -> tuple[Succession, ...]:
    """The rows of the table, each with one successor."""
    with SUCCESSORS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Succession(
                old=row["old"],
                new=new,
                since=read_date(row["since"]),
                has_ended=register()[row["old"]].ends is not None,
                source=row["source"],
            )
            for row in csv.DictReader(file)
            for new in _plausible(row["old"], row["new"])
        )


def successors_of(code: str) -> tuple[str, ...]:
    """The codes that took the place of one that has ended, as far as the table knows."""
    found = (row.new for row in successions() if row.old == code and row.has_ended)
    return tuple(dict.fromkeys(found))


@cache
def carries() -> Carries:
    """What counts for stays elsewhere too, by the area of which it is said."""
    return _by(carry.area for carry in _carries())


@cache
def carries_to() -> Carries:
    """The same by the place of the stays."""
    return _by(carry.place for carry in _carries())


def areas_for(place: str) -> tuple[str, ...]:
    """The areas of which what is said may count for stays in `place`."""
    around = containing(place)
    carried = (carry.area for part in around for carry in carries_to().get(part, ()))
    return tuple(dict.fromkeys((*around, *carried)))


def places_of(area: str) -> tuple[str, ...]:
    """The places, with all in them, for stays in which what is said of `area` may count."""
    carried = (carry.place for carry in carries().get(area, ()))
    return tuple(dict.fromkeys((area, *carried)))


def _plausible(old: str, new: str) -> list[str]:
    if not old.startswith(new):
        return [new]
    return [
        code
        for code, division in register().items()
        if code.startswith(new) and len(code) == len(old) and division.ends is None
    ]


@cache
def _carries() -> tuple[Carry, ...]:
    found = (carry for row in successions() for carry in _carries_of(row))
    return tuple(dict.fromkeys(found))


def _carries_of(row: Succession) -> Iterator[Carry]:
    since = start_of_day(row.since)
    before = None if row.has_ended else since
    for area in containing(row.new):
        if not row.old.startswith(area):
            yield Carry(area, row.old, since, said_before=None, stayed_before=before)
    for area in containing(row.old):
        if not row.new.startswith(area):
            # Of what contains the old code, too, something may be said that means it no longer.
            said_before = None if row.has_ended and area == row.old else since
            yield Carry(area, row.new, since, said_before=said_before, stayed_before=None)


def _by(keys: Iterator[str]) -> Carries:
    found: defaultdict[str, list[Carry]] = defaultdict(list)
    for key, carry in zip(keys, _carries(), strict=True):
        found[key].append(carry)
    return MappingProxyType({key: tuple(those) for key, those in found.items()})

"""Successors of division codes that ended or lost land, from `data/successors.csv`.

The table covers the Yangtze River Delta since 2015. Each row names the official decision behind it.
`part` marks a row whose old code still exists but lost a part of its land.

In some rows the old code is a township, and the new code is the county that contains it. Then
nobody knows in which township the land is now, so each township of the county is a successor.
docs/decisions/0028-codes-have-a-life.md says when the levels of a successor count.
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
    """From the day `since` on, the code `new` covers land that `old` covered before.

    `has_ended` is true if the code `old` no longer exists.
    """

    old: str
    new: str
    since: date
    has_ended: bool
    source: str


@dataclass(frozen=True, slots=True)
class Carry:
    """From the time `since` on, the levels of `area` also count for stays in `place`.

    Both codes cover some of the same land. Nobody may get a better colour only because a stay was
    recorded under the other code. A code may still exist but have lost this land. Then a level
    counts only if it was published for a time before `said_before`. A stay counts only if it began
    before `stayed_before`. None means no such limit.
    """

    area: str
    place: str
    since: datetime
    said_before: datetime | None
    stayed_before: datetime | None


Carries = Mapping[str, tuple[Carry, ...]]
"""Carries by the code of their `area`, or by that of their `place`."""


@cache
def successions() -> tuple[Succession, ...]:
    """Return the rows of the table, one for each pair of an old code and a successor."""
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
    """Return the successors of an ended code, as far as the table has them."""
    found = (row.new for row in successions() if row.old == code and row.has_ended)
    return tuple(dict.fromkeys(found))


@cache
def carries() -> Carries:
    """Return all carries by the code of `area`, whose levels count elsewhere too."""
    return _by(carry.area for carry in _carries())


@cache
def carries_to() -> Carries:
    """Return all carries by the code of `place`, where the stays are."""
    return _by(carry.place for carry in _carries())


def areas_for(place: str) -> tuple[str, ...]:
    """Return the areas whose levels may count for stays in `place`."""
    around = containing(place)
    carried = (carry.area for part in around for carry in carries_to().get(part, ()))
    return tuple(dict.fromkeys((*around, *carried)))


def places_of(area: str) -> tuple[str, ...]:
    """Return the places where stays may count the levels of `area`; areas in them count, too."""
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
            # An area that contains the old code still exists, so its later levels do not mean the
            # land that left it.
            said_before = None if row.has_ended and area == row.old else since
            yield Carry(area, row.new, since, said_before=said_before, stayed_before=None)


def _by(keys: Iterator[str]) -> Carries:
    found: defaultdict[str, list[Carry]] = defaultdict(list)
    for key, carry in zip(keys, _carries(), strict=True):
        found[key].append(carry)
    return MappingProxyType({key: tuple(carried) for key, carried in found.items()})

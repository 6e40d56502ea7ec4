"""How many people have which colour in each county, without telling of any few of them.

A small figure is withheld, and with it three others at the corners of a rectangle, so that the
small one could as well be `least` or more while every figure that is shown, and every sum, stays
the same. docs/reference/retention.md tells the same in words.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import product
from typing import Final

from django.conf import settings
from django.db import connection

from accounts.authority import areas_of, covers
from accounts.models import Account, Role
from healthcode.core import Colour
from healthcode.evidence.responsibility import answers_for_all

ALL: Final = "all"
"""Names the sum, of a row over its colours and of a column over its counties."""

Cell = tuple[str, str]
"""A county's code and a colour's name, either of which may be `ALL`."""

COUNTED: Final = """
SELECT left(person.home_area, 6), colour.colour, count(*)
FROM colours_personcolour AS colour JOIN accounts_person AS person ON person.id = colour.person_id
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Counts by county and colour with their sums; None where a figure is withheld."""

    counties: tuple[str, ...]
    figures: Mapping[Cell, int | None]

    def for_officer(self, account: Account) -> list[str]:
        """The counties of the homes for which the officer answers; for the issuer's, all.

        Raises:
            Forbidden: the account is no officer's.
        """
        if answers_for_all(account):
            return list(self.counties)
        held = areas_of(account, Role.OFFICER)
        return [code for code in self.counties if any(covers(area, code) for area in held)]

    def row(self, county: str) -> dict[str, int | None]:
        """The figures of one county, by colour, with their sum."""
        return {column: self.figures[county, column] for column in COLUMNS}


COLUMNS: Final = (*(colour.label for colour in Colour), ALL)


def colours_by_county() -> Table:
    """What may be told of everybody's colour now. One query, always over everybody.

    One table for all: were the figures withheld chosen anew for a part of it, two answers together
    could tell what each of them keeps.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        rows = cursor.fetchall()
    counts = {(county, Colour(colour).label): number for county, colour, number in rows}
    return without_small_groups(counts, least=settings.STATISTICS_MIN_GROUP)


def without_small_groups(counts: Mapping[Cell, int], *, least: int) -> Table:
    """The table of `counts` (by county and colour) in which no group below `least` shows."""
    counties = tuple(sorted({county for county, _colour in counts}))
    full = _with_sums(counties, counts)
    hidden: set[Cell] = set()
    for cell in (cell for cell, number in full.items() if 0 < number < least):
        hidden |= min(
            _covers(cell, full, counties, least), key=lambda cover: _cost(cover, hidden, full)
        )
    return Table(
        counties, {cell: None if cell in hidden else number for cell, number in full.items()}
    )


def _with_sums(counties: tuple[str, ...], counts: Mapping[Cell, int]) -> dict[Cell, int]:
    full = {cell: counts.get(cell, 0) for cell in product(counties, COLUMNS[:-1])}
    for county in counties:
        full[county, ALL] = sum(full[county, column] for column in COLUMNS[:-1])
    for column in COLUMNS:
        full[ALL, column] = sum(full[county, column] for county in counties)
    return full


def _covers(
    cell: Cell, full: Mapping[Cell, int], counties: tuple[str, ...], least: int
) -> Iterator[frozenset[Cell]]:
    """Rectangles with `cell` at a corner within which people can be moved so that it grows.

    Where it grows by `least`, those that shrink must have as many to give. A sum grows and shrinks
    with what it sums up, so the rectangle of sums alone always serves.
    """
    county, column = cell
    for other_row, other_column in product((*counties, ALL), COLUMNS):
        if other_row == county or other_column == column:
            continue
        beside, below = (county, other_column), (other_row, column)
        across = (other_row, other_column)
        beside_shrinks = ALL not in (column, other_column)
        below_shrinks = ALL not in (county, other_row)
        across_shrinks = beside_shrinks != below_shrinks
        shrinking = [
            corner
            for corner, shrinks in (
                (beside, beside_shrinks),
                (below, below_shrinks),
                (across, across_shrinks),
            )
            if shrinks
        ]
        if all(full[corner] >= least for corner in shrinking):
            yield frozenset({cell, beside, below, across})


def _cost(cover: Set[Cell], hidden: set[Cell], full: Mapping[Cell, int]) -> tuple[int, int]:
    """How much a cover takes from the reader: figures, sums counting most, then people."""
    new = cover - hidden
    return sum(3 if ALL in cell else 1 for cell in new), sum(full[cell] for cell in new)

"""Count the people of each colour in each county, without showing small groups.

The table hides every figure below `least`. A reader could still compute such a figure from the
sums. So the table also hides three more figures, which form a rectangle with it. Then the shown
figures and sums do not tell whether the figure is below `least`. docs/reference/retention.md
explains this for residents.
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
"""Stands for the sum over all colours of a county, or over all counties."""

Cell = tuple[str, str]
"""The code of a county and the name of a colour; either may be `ALL`."""

COUNTED: Final = """
SELECT left(person.home_area, 6), colour.colour, count(*)
FROM colours_personcolour AS colour JOIN accounts_person AS person ON person.id = colour.person_id
WHERE NOT person.is_waiting
  -- Of merged registrations, the one with the lowest number counts.
  AND NOT EXISTS (
      SELECT FROM accounts_mergedregistration AS merged
      JOIN accounts_mergedregistration AS other ON other.whose = merged.whose
      JOIN accounts_person AS first ON first.id = other.person_id
      WHERE merged.person_id = person.id AND first.id < person.id AND NOT first.is_waiting)
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers of people by county and colour, with sums; None for a hidden figure."""

    counties: tuple[str, ...]
    figures: Mapping[Cell, int | None]

    def for_officer(self, account: Account) -> list[str]:
        """Return the counties in the officer's areas; an officer for the whole issuer gets all.

        Raises:
            Forbidden: the account is not an officer's.
        """
        if answers_for_all(account):
            return list(self.counties)
        held = areas_of(account, Role.OFFICER)
        return [code for code in self.counties if any(covers(area, code) for area in held)]

    def row(self, county: str) -> dict[str, int | None]:
        """Return the figures of one county by colour, with their sum."""
        return {column: self.figures[county, column] for column in COLUMNS}


COLUMNS: Final = (*(colour.label for colour in Colour), ALL)


def colours_by_county() -> Table:
    """Return the table that may be shown now. One query, always about all registered people.

    Every officer gets figures of the same table. If each officer had a table with other hidden
    figures, two officers could compute hidden figures from both tables.
    """
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        rows = cursor.fetchall()
    counts = {(county, Colour(colour).label): number for county, colour, number in rows}
    return without_small_groups(counts, least=settings.STATISTICS_MIN_GROUP)


def without_small_groups(counts: Mapping[Cell, int], *, least: int) -> Table:
    """Return the table of `counts` with sums, with every group below `least` hidden."""
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
    """Yield the rectangles of cells that can hide `cell`, which is one corner of each.

    A rectangle hides the cell if `least` people can be moved within it: `cell` grows by `least`,
    and each corner that becomes smaller has at least `least`. A rectangle that contains sums always
    works, because a sum changes together with its parts.
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
    """Return what a reader loses by hiding `cover`, to compare it with other covers.

    First the number of newly hidden cells, with sums counted three times; then the people in them.
    """
    new = cover - hidden
    return sum(3 if ALL in cell else 1 for cell in new), sum(full[cell] for cell in new)

"""Prepare the risk map of the province for the templates, as a picture and a table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from healthcode.areas.changes import Change
from healthcode.areas.models import Level
from healthcode.areas.register import containing
from healthcode.areas.selectors import Map, names

# The province whose outlines are in `data`.
HOME: Final = "33"
SHAPES: Final = Path(__file__).parent / "data" / f"shapes-{HOME}.json"
UNNAMED: Final = "none"
SORTS: Final = ("level", "code", "since")


@dataclass(frozen=True, slots=True)
class Shapes:
    """The outlines of the province's counties and cities, as SVG path data by code."""

    view_box: str
    counties: Mapping[str, str]
    cities: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class County:
    """A county to draw; `level` is the name of a level, or `none` if no map has named it."""

    code: str
    name: str
    path: str
    level: str


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A row of the table: an area, the names of the areas that contain it, and its level."""

    code: str
    name: str
    lies_in: str
    level: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """The areas that changed from level `before` to level `after`."""

    before: str
    after: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """All areas whose level rose (or fell): their number, and the areas grouped by levels."""

    number: int
    moves: tuple[Move, ...]


@cache
def shapes() -> Shapes:
    """Return the outlines; the file is read once."""
    drawing = json.loads(SHAPES.read_text("utf-8"))
    return Shapes(drawing["viewBox"], drawing["counties"], drawing["cities"])


def map_page(shown: Map, *, sort: str = "") -> dict[str, object]:
    """Return the context for a page with the map: picture, legend, table, changes. One query.

    Args:
        sort: one of `SORTS`; anything else puts the highest levels first.
    """
    by_code = {row.code: row.level for row in shown.levels}
    above = names(
        {part for code in [*by_code, *shapes().counties] for part in containing(code)[1:]}
    )
    return {
        "map": shown,
        "view_box": shapes().view_box,
        "counties": _counties(by_code, above),
        "cities": shapes().cities,
        "legend": [(level.label, count) for level, count in shown.counts.items()],
        "rows": _rows(shown, above, sort),
        "sort": sort if sort in SORTS else SORTS[0],
        "rose": _moves(shown.rose, above),
        "fell": _moves(shown.fell, above),
    }


def _counties(by_code: Mapping[str, Level], known: Mapping[str, str]) -> list[County]:
    drawn = []
    for code, path in shapes().counties.items():
        levels = [by_code[part] for part in containing(code) if part in by_code]
        level = max(levels).label if levels else UNNAMED
        drawn.append(County(code, known.get(code, code), path, level))
    return drawn


def _rows(shown: Map, known: Mapping[str, str], sort: str) -> list[AreaRow]:
    keys = {
        "level": lambda row: (-row.level, row.code),
        "code": lambda row: (row.code,),
        "since": lambda row: (-row.since.timestamp(), row.code),
    }
    ordered = sorted(shown.levels, key=keys.get(sort, keys["level"]))
    return [
        AreaRow(row.code, row.name, _lies_in(row.code, known), row.level.label, row.since)
        for row in ordered
    ]


def moves_of(rose: tuple[Change, ...], fell: tuple[Change, ...]) -> dict[str, Moves]:
    """Return the context of `areas/_changes.html`, for areas of any province. One query."""
    known = names({part for one in (*rose, *fell) for part in containing(one.code)[1:]})
    return {"rose": _moves(rose, known), "fell": _moves(fell, known)}


def _moves(changes: tuple[Change, ...], known: Mapping[str, str]) -> Moves:
    """Group changes by their levels, the highest earlier level first."""
    pairs = sorted({(one.before, one.after) for one in changes}, reverse=True)
    return Moves(
        len(changes),
        tuple(
            Move(
                before.label,
                after.label,
                tuple(
                    _lies_in(one.code, known) + known.get(one.code, one.code)
                    for one in changes
                    if (one.before, one.after) == (before, after)
                ),
            )
            for before, after in pairs
        ),
    )


def _lies_in(code: str, known: Mapping[str, str]) -> str:
    """Return the names between the province and the area: 杭州市 for 330102."""
    return "".join(known.get(part, "") for part in containing(code)[1:-1])

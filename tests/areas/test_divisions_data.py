"""The data that ships with the areas: divisions.csv and the outlines of Zhejiang's counties."""

import csv
import json
import os
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from healthcode.areas.register import Division

ROOT = Path(__file__).parents[2]
DATA = ROOT / "healthcode" / "areas" / "data"
MAPS = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "five-colour-map"

BEFORE_HANGZHOU = date(2021, 4, 8)
HANGZHOU = date(2021, 4, 9)


def rows() -> list[dict[str, str]]:
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.fixture(scope="module")
def divisions() -> dict[str, Division]:
    return {
        row["code"]: Division(row["name"], day(row["begins"]), day(row["ends"])) for row in rows()
    }


@pytest.fixture(scope="module")
def shapes() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((DATA / "shapes-33.json").read_text("utf-8"))
    return loaded


def is_valid(division: Division, on: date) -> bool:
    return (not division.begins or division.begins <= on) and (
        not division.ends or on < division.ends
    )


def counties_of_zhejiang(divisions: dict[str, Division], on: date) -> set[str]:
    return {
        code
        for code, division in divisions.items()
        if len(code) == 6 and code.startswith("33") and is_valid(division, on)
    }


def test_codes_are_unique() -> None:
    assert [
        code for code, times in Counter(row["code"] for row in rows()).items() if times > 1
    ] == []


def test_codes_are_sorted_and_not_padded() -> None:
    codes = [row["code"] for row in rows()]
    assert codes == sorted(codes)
    assert [code for code in codes if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}", code)] == []
    assert [code for code in codes if code != "00" and re.fullmatch(r"(\d\d)+00", code)] == ["4600"]


def test_every_division_has_its_parents(divisions: dict[str, Division]) -> None:
    above = {4: 2, 6: 4, 9: 6}
    orphans = [
        code for code in divisions if len(code) > 2 and code[: above[len(code)]] not in divisions
    ]
    assert orphans == []


def test_no_county_or_township_outlives_what_it_lies_in(divisions: dict[str, Division]) -> None:
    for code, division in divisions.items():
        if len(code) in {6, 9}:
            parent = divisions[code[: {6: 4, 9: 6}[len(code)]]]
            assert (parent.begins or date.min) <= (division.begins or date.min), code
            assert (parent.ends or date.max) >= (division.ends or date.max), code


def test_no_division_ends_before_it_begins(divisions: dict[str, Division]) -> None:
    backwards = [
        code
        for code, division in divisions.items()
        if division.begins and division.ends and division.begins >= division.ends
    ]
    assert backwards == []


def test_no_division_is_called_by_a_stand_in(divisions: dict[str, Division]) -> None:
    stand_in = re.compile("直辖|市辖|辖县|辖市|行政区划|行政单位|^(县|市|区|)$")
    assert [code for code, division in divisions.items() if stand_in.search(division.name)] == []


@pytest.mark.parametrize(
    ("digits", "least", "most"),
    [(2, 35, 35), (4, 340, 345), (6, 2840, 2860), (9, 4500, 4900)],
)
def test_the_present_has_as_many_divisions_as_the_country(
    divisions: dict[str, Division], digits: int, least: int, most: int
) -> None:
    present = [code for code in divisions if len(code) == digits and not divisions[code].ends]
    assert least <= len(present) <= most


def test_townships_are_those_of_the_delta_and_of_all_its_cities(
    divisions: dict[str, Division],
) -> None:
    townships = [code for code in divisions if len(code) == 9]
    assert {code[:2] for code in townships} == {"31", "32", "33", "34"}
    cities = {
        code
        for code, division in divisions.items()
        if len(code) == 4 and code.startswith(("31", "32", "33", "34")) and not division.ends
    }
    assert {code[:4] for code in townships} == cities


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("00", "境外"),
        ("3101", "上海市"),
        ("33", "浙江省"),
        ("3301", "杭州市"),
        ("330102", "上城区"),
        ("330102001", "清波街道"),
        ("4290", "湖北省"),
        ("5002", "重庆市"),
        ("513301", "康定市"),
        ("533301", "泸水市"),
        ("71", "台湾省"),
        ("81", "香港特别行政区"),
        ("82", "澳门特别行政区"),
    ],
)
def test_a_person_finds_the_place_under_its_name(
    divisions: dict[str, Division], code: str, name: str
) -> None:
    assert divisions[code] == Division(name, divisions[code].begins, ends=None)


@pytest.mark.parametrize(
    ("code", "name", "before", "after"),
    [
        ("330103", "下城区", True, False),
        ("330104", "江干区", True, False),
        ("330113", "临平区", False, True),
        ("330114", "钱塘区", False, True),
        ("330102", "上城区", True, True),
    ],
)
def test_hangzhou_changed_its_districts_on_9_april_2021(
    divisions: dict[str, Division], code: str, name: str, *, before: bool, after: bool
) -> None:
    assert divisions[code].name == name
    assert is_valid(divisions[code], BEFORE_HANGZHOU) is before
    assert is_valid(divisions[code], HANGZHOU) is after


@pytest.mark.parametrize(
    ("code", "name"),
    [("310221", "上海县"), ("330185", "临安市"), ("510218", "渝北区"), ("142703", "河津市")],
)
def test_codes_of_old_identity_cards_are_known_and_ended(
    divisions: dict[str, Division], code: str, name: str
) -> None:
    assert divisions[code].name == name
    assert divisions[code].ends


@pytest.mark.parametrize("published", [date(2020, 2, 9), date(2020, 2, 24)])
def test_the_published_maps_name_exactly_the_counties_of_their_day(
    divisions: dict[str, Division], published: date
) -> None:
    path = MAPS / f"zhejiang-{published}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not at hand: SHARED_DATA says where the shared data lies")
    with path.open(encoding="utf-8", newline="") as file:
        listed = {row["code"]: row["name"] for row in csv.DictReader(file)}
    assert set(listed) == counties_of_zhejiang(divisions, published)
    assert listed == {code: divisions[code].name for code in listed}


def test_the_outlines_are_those_of_the_90_counties_of_february_2020(
    divisions: dict[str, Division], shapes: dict[str, dict[str, str]]
) -> None:
    assert set(shapes["counties"]) == counties_of_zhejiang(divisions, date(2020, 2, 9))
    assert len(shapes["counties"]) == 90
    assert set(shapes["cities"]) == {code[:4] for code in shapes["counties"]}


def test_every_outline_is_drawn_within_the_picture(shapes: dict[str, dict[str, str]]) -> None:
    width, height = map(int, str(shapes["viewBox"]).split()[2:])
    for code, path in (shapes["counties"] | shapes["cities"]).items():
        assert re.fullmatch(r"(M\d+ \d+l-?\d+ -?\d+( -?\d+ -?\d+)+z)+", path), code
        corners = [corner for ring in rings(path) for corner in ring]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in corners), code


def test_neighbours_keep_the_same_border(shapes: dict[str, dict[str, str]]) -> None:
    """With gaps or overlaps, a city would not have the same size as its counties together."""
    for city, path in shapes["cities"].items():
        counties = sum(
            area(outline) for code, outline in shapes["counties"].items() if code[:4] == city
        )
        assert counties == pytest.approx(area(path), abs=3), city


def rings(path: str) -> list[list[tuple[int, int]]]:
    """Return the corners of every ring in path data of the form `M x y l dx dy … z`."""
    found = []
    for subpath in path.rstrip("z").split("z"):
        start, steps = subpath.removeprefix("M").split("l")
        x, y = map(int, start.split())
        corners = [(x, y)]
        numbers = [int(number) for number in steps.split()]
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + right, y + down
            corners.append((x, y))
        found.append(corners)
    return found


def area(path: str) -> float:
    """Return the area in square units; holes are drawn the other way round and count negative."""
    return abs(
        sum(
            (here[0] * after[1] - after[0] * here[1]) / 2
            for ring in rings(path)
            for here, after in pairwise([*ring, ring[0]])
        )
    )

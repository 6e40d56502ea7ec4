"""Zhejiang's two published maps of February 2020, and exactly who changes colour by them."""

import csv
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from healthcode.areas.models import Level
from healthcode.colours import sql
from healthcode.colours.decide_many import codes_touched, recompute_people
from healthcode.colours.models import ColourChange, Recomputation
from healthcode.colours.recompute import run
from healthcode.colours.sweep import sweep
from healthcode.core import Colour
from healthcode.officers.maps.services import publish_map
from tests.acts import GROUND
from tests.colours import world
from tests.colours.world import shanghai
from tests.owner import as_owner

GREEN, YELLOW, RED = Colour
OF_LEVEL = {
    Level.RED: RED,
    Level.ORANGE: YELLOW,
    Level.YELLOW: GREEN,
    Level.BLUE: GREEN,
    Level.GREEN: GREEN,
}
DATA = Path(os.environ.get("SHARED_DATA", "../shared/data")) / "five-colour-map"

pytestmark = pytest.mark.django_db
needs_the_maps = pytest.mark.skipif(
    not DATA.exists(), reason=f"the published maps are not at {DATA}"
)


def published(day: str) -> dict[str, Level]:
    with (DATA / f"zhejiang-{day}.csv").open(encoding="utf-8-sig") as lines:
        return {row["code"]: Level[row["level"].upper()] for row in csv.DictReader(lines)}


def publish(levels: dict[str, Level], *, holds_from: datetime, at: datetime) -> Recomputation:
    publication = publish_map(
        account=world.officer("33"),
        effective_from=holds_from,
        ground=GROUND,
        whole_of="33",
        levels=levels,
        at=at,
    )
    run(publication.recomputation.pk, clock=lambda: at)
    publication.recomputation.refresh_from_db()
    return publication.recomputation


class PeopledProvince:
    """Put one person at home in every county since New Year, and one who left on the 8th."""

    def __init__(self) -> None:
        self.ninth = published("2020-02-09")
        self.twenty_fourth = published("2020-02-24")
        world.areas(*self.ninth)
        codes = sorted(self.ninth)
        self.at_home = dict(zip(codes, world.people(len(codes)), strict=True))
        self.gone = dict(zip(codes, world.people(len(codes)), strict=True))
        for code in codes:
            world.stay(self.at_home[code], code, shanghai(1, 1), None)
            world.stay(self.gone[code], code, shanghai(1, 1), shanghai(2, 9))

    def expect(self, colours: dict[str, Colour]) -> None:
        """People at home have these colours by county. Those who left are green or have none."""
        stored = world.colours([*self.at_home.values(), *self.gone.values()])
        at_home = {code: stored.get(id_, GREEN) for code, id_ in self.at_home.items()}
        assert at_home == colours
        assert not {stored.get(id_, GREEN) for id_ in self.gone.values()} - {GREEN}


def changed_by(recomputation: Recomputation) -> set[int]:
    changes = ColourChange.objects.filter(recomputation=recomputation)
    return set(changes.values_list("person", flat=True))


@needs_the_maps
@pytest.mark.usefixtures("policy")
def test_the_map_of_the_9th_colours_those_at_home_by_their_county() -> None:
    province = PeopledProvince()

    recomputation = publish(province.ninth, holds_from=shanghai(2, 9), at=shanghai(2, 10, 9))

    province.expect({code: OF_LEVEL[level] for code, level in province.ninth.items()})
    # 1 red, 12 orange, 12 yellow and 53 blue; the 12 green ones were green before. By the briefing
    # of 17 February only red and orange give another colour.
    assert recomputation.people_found == recomputation.people_done == 78
    assert recomputation.people_changed == 13


@needs_the_maps
@pytest.mark.usefixtures("policy")
def test_the_map_of_the_24th_frees_nobody_at_once_and_many_a_week_later() -> None:
    province = PeopledProvince()
    publish(province.ninth, holds_from=shanghai(2, 9), at=shanghai(2, 10, 9))
    was = {code: OF_LEVEL[level] for code, level in province.ninth.items()}

    recomputation = publish(
        province.twenty_fourth, holds_from=shanghai(2, 24), at=shanghai(2, 24, 9)
    )

    differing = {c for c in was if province.ninth[c] != province.twenty_fourth[c]}
    assert recomputation.people_found == len(differing)
    assert recomputation.people_changed == 0
    province.expect(was)

    diligent = set(sorted(was)[::2])
    for code in diligent:
        world.check_ins(province.at_home[code], shanghai(2, 24).date(), 7)
        recompute_people([province.at_home[code]], at=shanghai(3, 1, 12))
    sweep(at=shanghai(3, 2) - timedelta(seconds=1))
    province.expect(was)

    sweep(at=shanghai(3, 2))
    freed = {
        c for c in diligent if was[c] is YELLOW and OF_LEVEL[province.twenty_fourth[c]] is GREEN
    }
    assert len(freed) > 5
    province.expect({c: GREEN if c in freed else colour for c, colour in was.items()})


@needs_the_maps
@pytest.mark.usefixtures("policy")
def test_the_later_map_as_a_correction_of_the_earlier_changes_who_differs() -> None:
    """The map holds since the 9th, so it changes history, and colours change at once."""
    province = PeopledProvince()
    publish(province.ninth, holds_from=shanghai(2, 9), at=shanghai(2, 10, 9))

    recomputation = publish(
        province.twenty_fourth, holds_from=shanghai(2, 9), at=shanghai(2, 24, 9)
    )

    province.expect({code: OF_LEVEL[level] for code, level in province.twenty_fourth.items()})
    assert changed_by(recomputation) == {
        province.at_home[code]
        for code in province.ninth
        if OF_LEVEL[province.ninth[code]] != OF_LEVEL[province.twenty_fourth[code]]
    }
    assert recomputation.people_changed == len(changed_by(recomputation)) == 13


def test_whom_a_map_touches_is_found_by_the_index() -> None:
    codes = [f"3301{n:02}" for n in range(1, 90)]
    world.areas(*codes)
    (person,) = world.people(1)
    source = world.officer()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evidence_evidence"
            " (person_id, kind, starts, area_id, traits, detail, source_id)"
            " SELECT %s, 'stay', now(), code, '{}', '{}', %s"
            " FROM unnest(%s::text[]) AS code, generate_series(1, 100)",
            [person, source.pk, codes],
        )
        with as_owner():
            cursor.execute("ANALYZE evidence_evidence")
        bound: dict[str, Any] = {
            "codes": codes_touched(["330107", "330108"]),
            "touches_from": shanghai(2, 9),
        }
        cursor.execute(f"EXPLAIN {sql.TOUCHED_BY_LEVELS}", bound)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "Index Scan on stays_in_area" in plan
    assert "Seq Scan" not in plan

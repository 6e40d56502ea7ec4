"""Reads of divisions and their levels."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from healthcode.areas.changes import Change, between, fell, rose
from healthcode.areas.errors import UnknownArea
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.areas.register import DIGITS, containing

# The finest difference that the database's clock knows.
AN_INSTANT = timedelta(microseconds=1)
ABROAD = "00"


@dataclass(frozen=True, slots=True)
class LevelOn:
    """The level of one area at an instant, and since when it has had it."""

    code: str
    name: str
    level: Level
    since: datetime


@dataclass(frozen=True, slots=True)
class Map:
    """The map at an instant: the areas that a publication has named, by code.

    `changed_at` is when the map in force there began to hold (None: there is none), `rose` and
    `fell` what it changed.
    """

    on: datetime
    levels: tuple[LevelOn, ...]
    changed_at: datetime | None
    rose: tuple[Change, ...]
    fell: tuple[Change, ...]

    @property
    def counts(self) -> dict[Level, int]:
        """How many of the areas have each level, the highest first."""
        counted = Counter(row.level for row in self.levels)
        return {level: counted[level] for level in sorted(Level, reverse=True)}

    @property
    def names(self) -> dict[str, str]:
        """The name of every area of the map, by code."""
        return {row.code: row.name for row in self.levels}


def names(codes: Collection[str]) -> dict[str, str]:
    """The name of each known code among `codes`."""
    return dict(Area.objects.filter(code__in=set(codes)).values_list("code", "name"))


def full_names(codes: Collection[str]) -> dict[str, str]:
    """The names of each known code from the province down: 浙江省杭州市上城区. One query.

    A name that repeats the one above it is said once: 北京市东城区.
    """
    known = names({part for code in codes for part in containing(code)})
    return {code: path_name(code, known) for code in codes if code in known}


def full_name(code: str) -> str:
    """The names from the province down, without repeating itself: 浙江省杭州市上城区.

    Raises:
        UnknownArea: when the code names no division.
    """
    known = full_names([code])
    if code not in known:
        raise UnknownArea(_("There is no area with this code."), codes=[code])
    return known[code]


def path_name(code: str, known: Mapping[str, str]) -> str:
    """The name of a code with its path, from the names known: the one way to say where it lies."""
    return "".join(dict.fromkeys(known[part] for part in containing(code) if part in known))


def require_known(codes: Iterable[str]) -> None:
    """Check that every code names a division, past or present, in one query.

    Raises:
        UnknownArea: listing the codes (at most 20) that name none.
    """
    wanted = set(codes)
    unknown = sorted(wanted - names(wanted).keys())
    if unknown:
        raise UnknownArea(
            _("Some of these areas do not exist. Use area codes of GB/T 2260 (6 or 9 digits)."),
            codes=unknown[:20],
        )


def below(parent: str) -> list[tuple[str, str]]:
    """Code and name of the divisions right below `parent` that exist, "" for the provinces.

    A group that stands in for a division, and so is called as what it lies in, is passed over: what
    lies in it comes in its place, 仙桃市 among the cities of 湖北省. What lies outside the border
    (`00`) is below nothing. At most three queries.
    """
    children = _children([parent])
    above = names([parent]).get(parent)
    groups = [code for code, name in children if name == above]
    within = _children(groups) if groups else []
    return sorted([child for child in children if child[0] not in groups] + within)


def _children(parents: Sequence[str]) -> list[tuple[str, str]]:
    """Code and name of what lies right below `parents`, whose codes are equally long."""
    longer = [digits for digits in DIGITS if digits > len(parents[0])]
    if not longer:
        return []
    within = "|".join(parents)
    children = Area.objects.filter(
        code__regex=f"^({within})[0-9]{{{longer[0] - len(parents[0])}}}$", ends__isnull=True
    )
    return list(children.exclude(code=ABROAD).order_by("code").values_list("code", "name"))


def levels_on(*, on: datetime, within: str = "") -> list[LevelOn]:
    """The level of every area at or below `within` that a published map has named, by code."""
    history = AreaLevel.objects.filter(area_id=OuterRef("area_id"))
    another_level = history.filter(during__fully_lt=OuterRef("during")).exclude(
        level=OuterRef("level")
    )
    rows = (
        AreaLevel.objects.filter(during__contains=on, area__code__startswith=within)
        .annotate(
            since=Coalesce(
                Subquery(another_level.order_by("-during").values("during__endswith")[:1]),
                Subquery(history.order_by("during").values("during__startswith")[:1]),
            )
        )
        .order_by("area_id")
        .values_list("area_id", "area__name", "level", "since")
    )
    return [LevelOn(code, name, Level(level), since) for code, name, level, since in rows]


def map_on(*, on: datetime, within: str = "") -> Map:
    """The map of `within` ("" is the whole country) at `on`, and what changed with it.

    Three queries.

    Raises:
        UnknownArea: when `within` names no division.
    """
    if within:
        require_known([within])
    levels = levels_on(on=on, within=within)
    changed_at = _changed_at(on, within)
    changes = []
    if changed_at is not None:
        changes = between(
            _state(changed_at - AN_INSTANT, within), {row.code: row.level for row in levels}
        )
    return Map(on, tuple(levels), changed_at, rose(changes), fell(changes))


def publication_instants(*, within: str = "", most: int = 100) -> list[datetime]:
    """When the map of `within` changed hands, the latest first, at most `most`."""
    rows = (
        AreaLevel.objects.filter(area__code__startswith=within)
        .annotate(starts=F("during__startswith"))
        .order_by("-starts")
        .values_list("starts", flat=True)
        .distinct()
    )
    return list(rows[:most])


def _changed_at(on: datetime, within: str) -> datetime | None:
    begun = AreaLevel.objects.filter(area__code__startswith=within, during__startswith__lte=on)
    latest: datetime | None = begun.aggregate(at=Max("during__startswith"))["at"]
    return latest


def _state(on: datetime, within: str) -> dict[str, Level]:
    rows = AreaLevel.objects.filter(during__contains=on, area__code__startswith=within)
    return {code: Level(level) for code, level in rows.values_list("area_id", "level")}

"""Read divisions and their levels."""

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

# PostgreSQL stores instants to the microsecond.
AN_INSTANT = timedelta(microseconds=1)
ABROAD = "00"


@dataclass(frozen=True, slots=True)
class LevelOn:
    """The level of an area at an instant, and since when it has had this level."""

    code: str
    name: str
    level: Level
    since: datetime


@dataclass(frozen=True, slots=True)
class Map:
    """The map at the instant `on`: all areas that a published map has named, sorted by code.

    `changed_at` is since when the map in force at `on` holds (None: no map is in force). `rose` and
    `fell` are the changes that it brought.
    """

    on: datetime
    levels: tuple[LevelOn, ...]
    changed_at: datetime | None
    rose: tuple[Change, ...]
    fell: tuple[Change, ...]

    @property
    def counts(self) -> dict[Level, int]:
        """Return how many of the areas have each level, the highest level first."""
        counted = Counter(row.level for row in self.levels)
        return {level: counted[level] for level in sorted(Level, reverse=True)}

    @property
    def names(self) -> dict[str, str]:
        """Return the name of every area of the map, by code."""
        return {row.code: row.name for row in self.levels}


def names(codes: Collection[str]) -> dict[str, str]:
    """Return the name of each code that exists."""
    return dict(Area.objects.filter(code__in=set(codes)).values_list("code", "name"))


def full_names(codes: Collection[str]) -> dict[str, str]:
    """Return the full name of each code that exists: 浙江省杭州市上城区. One query.

    A name that repeats the name above it appears once: 北京市东城区.
    """
    known = names({part for code in codes for part in containing(code)})
    return {code: path_name(code, known) for code in codes if code in known}


def full_name(code: str) -> str:
    """Return the full name of one code, as `full_names` does.

    Raises:
        UnknownArea: the code names no division.
    """
    known = full_names([code])
    if code not in known:
        raise UnknownArea(_("There is no area with this code."), codes=[code])
    return known[code]


def path_name(code: str, known: Mapping[str, str]) -> str:
    """Join the names from the province down to the area, using the names in `known`."""
    return "".join(dict.fromkeys(known[part] for part in containing(code) if part in known))


def require_known(codes: Iterable[str]) -> None:
    """Check that every code names a division, past or present. One query.

    Raises:
        UnknownArea: some codes name none; it lists at most 20.
    """
    wanted = set(codes)
    unknown = sorted(wanted - names(wanted).keys())
    if unknown:
        raise UnknownArea(
            _("Some of these areas do not exist. Use area codes of GB/T 2260 (6 or 9 digits)."),
            codes=unknown[:20],
        )


def below(parent: str) -> list[tuple[str, str]]:
    """Return code and name of the present divisions directly below `parent` ("": the provinces).

    Some codes stand for a group of divisions and have the name of the division above. The list has
    the members of the group instead. For example, the county 仙桃市 is listed among the cities of
    湖北省. `00` (outside the border) is left out. At most three queries.
    """
    children = _children([parent])
    above = names([parent]).get(parent)
    groups = [code for code, name in children if name == above]
    within = _children(groups) if groups else []
    return sorted([child for child in children if child[0] not in groups] + within)


def _children(parents: Sequence[str]) -> list[tuple[str, str]]:
    """Return code and name of the divisions directly below `parents`, codes of one length."""
    longer = [digits for digits in DIGITS if digits > len(parents[0])]
    if not longer:
        return []
    within = "|".join(parents)
    children = Area.objects.filter(
        code__regex=f"^({within})[0-9]{{{longer[0] - len(parents[0])}}}$", ends__isnull=True
    )
    return list(children.exclude(code=ABROAD).order_by("code").values_list("code", "name"))


def levels_on(*, on: datetime, within: str = "") -> list[LevelOn]:
    """Return the level of every area at or below `within` that a map has named, sorted by code."""
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
    """Return the map of `within` ("": the whole country) at `on`, with its changes.

    Three queries.

    Raises:
        UnknownArea: `within` names no division.
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
    """Return the instants from which maps of `within` held, the latest first, at most `most`."""
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

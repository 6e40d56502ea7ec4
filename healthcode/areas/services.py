"""Writes of divisions and their levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from accounts.models import Act
from healthcode.areas.models import Area, AreaLevel, Level
from healthcode.areas.selectors import require_known

# One publication at a time: two maps that speak of the same areas must not interleave.
PUBLICATION_LOCK = 0x6C65_7665


@dataclass(frozen=True, slots=True)
class Change:
    """An area whose level an act changed at its effective instant."""

    code: str
    before: Level
    after: Level


@dataclass(frozen=True, slots=True)
class LevelsChange:
    """What a map changed: `touched` areas have another level at some instant from `since` on."""

    rose: tuple[Change, ...]
    fell: tuple[Change, ...]
    touched: tuple[str, ...]
    since: datetime


def publish_levels(
    *,
    act: Act,
    effective_from: datetime,
    whole_of: str | None,
    levels: Mapping[str, Level],
) -> LevelsChange:
    """Let `levels` hold from `effective_from` on, in place of whatever was said for then.

    Areas at or below `whole_of` that an earlier map named and this one does not become green.
    What held before `effective_from` stays as it was. Call within a transaction. Four statements,
    however large the map.

    Raises:
        UnknownArea: when a code names no division.
    """
    require_known([*levels, *([whole_of] if whole_of else [])])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLICATION_LOCK])
    wanted = _with_silent_greens(levels, whole_of, effective_from)
    history = list(
        AreaLevel.objects.filter(area_id__in=wanted, during__endswith__gt=effective_from)
        | AreaLevel.objects.filter(area_id__in=wanted, during__endswith__isnull=True)
    )
    _replace(history, wanted, effective_from, act)
    return _difference(history, wanted, effective_from)


def _with_silent_greens(
    levels: Mapping[str, Level], whole_of: str | None, effective_from: datetime
) -> dict[str, Level]:
    wanted = dict(levels)
    if whole_of is not None:
        named = AreaLevel.objects.filter(area__code__startswith=whole_of).values_list(
            "area_id", flat=True
        )
        for code in named.distinct():
            wanted.setdefault(code, Level.GREEN)
    return wanted


def _replace(
    history: list[AreaLevel], wanted: dict[str, Level], effective_from: datetime, act: Act
) -> None:
    """Cut what reaches past `effective_from`, drop what begins later, and add the new."""
    later = [row.pk for row in history if row.during.lower >= effective_from]
    AreaLevel.objects.filter(pk__in=later).delete()
    cut = [row.pk for row in history if row.during.lower < effective_from]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE areas_arealevel SET during = tstzrange(lower(during), %s) WHERE id = ANY(%s)",
            [effective_from, cut],
        )
    AreaLevel.objects.bulk_create(
        AreaLevel(area_id=code, level=level, during=(effective_from, None), act=act)
        for code, level in wanted.items()
    )


def _difference(
    history: list[AreaLevel], wanted: dict[str, Level], effective_from: datetime
) -> LevelsChange:
    before: dict[str, Level] = {}
    touched: set[str] = set()
    for row in history:
        if row.during.lower <= effective_from:
            before[row.area_id] = Level(row.level)
        if Level(row.level) is not wanted[row.area_id]:
            touched.add(row.area_id)
    changes = [
        Change(code, before.get(code, Level.GREEN), level)
        for code, level in sorted(wanted.items())
        if before.get(code, Level.GREEN) is not level
    ]
    touched.update(change.code for change in changes)
    return LevelsChange(
        rose=tuple(change for change in changes if change.after > change.before),
        fell=tuple(change for change in changes if change.after < change.before),
        touched=tuple(sorted(touched)),
        since=effective_from,
    )


def load_divisions(divisions: list[Area]) -> int:
    """Insert or bring up to date every division, in sets; the count of all.

    Codes are never deleted: old evidence speaks of them.
    """
    Area.objects.bulk_create(
        divisions,
        batch_size=5000,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "begins", "ends"],
    )
    return len(divisions)

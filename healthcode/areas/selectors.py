"""Reads of divisions and their levels."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcode.areas.errors import UnknownArea
from healthcode.areas.models import Area, AreaLevel, Level


@dataclass(frozen=True, slots=True)
class LevelOn:
    """The level of one area at an instant, and since when it has had it."""

    code: str
    name: str
    level: Level
    since: datetime


def containing(code: str) -> tuple[str, ...]:
    """The code itself and every division that contains it: '330102' -> ('33', '3301', '330102')."""
    return tuple(code[:digits] for digits in (2, 4, 6, 9) if len(code) >= digits)


def names(codes: Collection[str]) -> dict[str, str]:
    """The name of each known code among `codes`."""
    return dict(Area.objects.filter(code__in=set(codes)).values_list("code", "name"))


def full_name(code: str) -> str:
    """The names from the province down, without repeating itself: 浙江省杭州市上城区.

    Raises:
        UnknownArea: when the code names no division.
    """
    known = names(containing(code))
    if code not in known:
        raise UnknownArea(_("There is no area with this code."), codes=[code])
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
            _("Some areas are unknown. Use the codes of GB/T 2260 (6 or 9 digits)."),
            codes=unknown[:20],
        )


def levels_on(*, on: datetime, within: str = "") -> list[LevelOn]:
    """The level of every area at or below `within` that a published map has named, by code."""
    rows = (
        AreaLevel.objects.filter(during__contains=on, area__code__startswith=within)
        .order_by("area_id")
        .values_list("area_id", "area__name", "level", "during")
    )
    return [LevelOn(code, name, Level(level), during.lower) for code, name, level, during in rows]

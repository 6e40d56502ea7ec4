"""Publishing a risk map: one act, and the recomputation of exactly those whom it touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of, covers, holds, require
from accounts.errors import OutsideYourArea, invalid
from accounts.models import Account, Role
from healthcode.acts.grounds import check_ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.areas.models import Level
from healthcode.areas.register import containing
from healthcode.areas.selectors import Map, map_on
from healthcode.areas.services import (
    LevelsChange,
    levels_as_if,
    one_publication_at_a_time,
    publish_levels,
)
from healthcode.colours.decide_many import Comparison, evaluate_levels
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request

# A map is prepared in the evening for midnight, or before a weekend. One that is dated further
# ahead is a slip of the pen, or will have been overtaken by the time it holds.
FURTHEST_AHEAD: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PublishedMap:
    """A map that is in force, or will be from its date on."""

    act: Act
    change: LevelsChange
    recomputation: Recomputation


@dataclass(frozen=True, slots=True)
class MapPreview:
    """What publishing a map would do: to the map, and to the people whom it touches."""

    change: LevelsChange
    people: Comparison
    map: Map


@transaction.atomic
def publish_map(
    *,
    account: Account,
    effective_from: datetime,
    ground: str,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
) -> PublishedMap:
    """Let `levels` hold from `effective_from` on, as an officer's act on a ground.

    Areas of `whole_of` that are not listed become green. What held before `effective_from` stays
    as it was; everything said for later, about the areas that this map speaks of, is replaced.

    Args:
        effective_from: may lie in the past, and at most `FURTHEST_AHEAD` in the future.
        levels: by codes of divisions in short form.

    Raises:
        InvalidInput: no ground, or a date that is too far ahead.
        OutsideYourArea: naming the areas (at most 20) outside the officer's authority.
        UnknownArea: when a code names no division.
    """
    _check(account, effective_from, ground, whole_of, levels, at)
    # First, so that acts are numbered in the order in which they took hold.
    one_publication_at_a_time()
    act = record_act(
        account=account,
        kind=ActKind.LEVELS_PUBLISHED,
        area=whole_of if whole_of is not None else _common_area(levels),
        ground=ground,
        detail={
            "effective_from": effective_from.isoformat(),
            "whole_of": whole_of,
            "levels": {code: level.label for code, level in levels.items()},
        },
        at=at,
    )
    change = publish_levels(
        act=act, effective_from=effective_from, whole_of=whole_of, levels=levels
    )
    recomputation = request(
        cause=Cause.LEVELS, act=act, areas=change.touched, touches_from=change.touches_from
    )
    return PublishedMap(act, change, recomputation)


def preview_map(
    *,
    account: Account,
    effective_from: datetime,
    ground: str,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
    within: str = "",
) -> MapPreview:
    """What `publish_map` would do with the same arguments; leaves no trace and locks nothing.

    Args:
        within: the area whose map to show.

    Raises:
        Refusal: as `publish_map`; NoPolicy when no policy is in force.
    """
    _check(account, effective_from, ground, whole_of, levels, at)
    with levels_as_if(effective_from=effective_from, whole_of=whole_of, levels=levels) as change:
        people = evaluate_levels(
            areas=change.touched,
            touches_from=change.touches_from,
            # A map for midnight is judged as of midnight.
            at=max(at, effective_from),
        )
        return MapPreview(change, people, map_on(on=effective_from, within=within))


def _check(
    account: Account,
    effective_from: datetime,
    ground: str,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
) -> None:
    check_ground(ground)
    if effective_from > at + FURTHEST_AHEAD:
        raise invalid(
            "/effective_from", _("A map can be published at most 7 days ahead. Check the date.")
        )
    require_authority(account, [*([whole_of] if whole_of is not None else []), *levels])


def require_authority(account: Account, codes: list[str]) -> None:
    """Let only an officer for every one of `codes` through.

    Raises:
        Forbidden: the account is no officer's.
        OutsideYourArea: naming the codes (at most 20) for which the officer is not responsible.
    """
    if not holds(account, Role.OFFICER):
        require(account, Role.OFFICER, "")
    held = areas_of(account, Role.OFFICER)
    outside = [code for code in codes if not any(covers(area, code) for area in held)]
    if outside:
        raise OutsideYourArea(codes=outside[:20])


def _common_area(levels: Mapping[str, Level]) -> str:
    """The smallest division that holds them all; "" is the whole country."""
    shared = set.intersection(*(set(containing(code)) for code in levels)) if levels else set()
    return max(shared, key=len, default="")

"""Publish a risk map as one act, and recompute exactly the people whom it affects."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of, covers, holds, require
from accounts.errors import OutsideYourArea, invalid
from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.areas.models import Level
from healthcode.areas.register import containing
from healthcode.areas.selectors import Map, map_on
from healthcode.areas.services import (
    LevelsChange,
    levels_as_if,
    levels_to_replace,
    one_publication_at_a_time,
    publish_levels,
)
from healthcode.colours.decide_many import Comparison, evaluate_levels
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import Cause
from healthcode.colours.recompute import request
from healthcode.officers.maps.published import PublishedMap, detail_of, published_before

# Officers prepare a map in the evening for midnight, or before a weekend. A later date is probably
# a typing error; if not, another map will have replaced this one by then.
FURTHEST_AHEAD: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MapPreview:
    """What publishing a map would do: to the levels, to the people affected, and to the map."""

    change: LevelsChange
    people: Comparison
    map: Map


@transaction.atomic
def publish_map(
    *,
    account: Account,
    effective_from: datetime,
    ground: Ground,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
) -> PublishedMap:
    """Publish an officer's map: give areas their risk levels from `effective_from` on.

    The map replaces all levels of its areas from `effective_from` on. Earlier levels stay. The
    service also records who published the map and why (an act). A map that the officer has
    published before is the same act; see `published_before`.

    Args:
        effective_from: may be in the past, and at most `FURTHEST_AHEAD` in the future.
        ground: the reason that the officer gives.
        whole_of: the code of an area for which the map is complete: areas in it that the map does
            not list become green.
        levels: by division code in short form (without trailing zeros).

    Raises:
        InvalidInput: the date is too far ahead.
        OutsideYourArea: the officer has no authority over some areas. The error names at most 20.
        UnknownArea: there is no division with this code.
    """
    _check(account, effective_from, whole_of, levels, at)
    # Lock before the act is recorded, so that acts have their numbers in the order of publication.
    one_publication_at_a_time()
    known = published_before(
        account=account,
        effective_from=effective_from,
        ground=ground,
        whole_of=whole_of,
        levels=levels,
    )
    if known is not None:
        return known
    replaced = levels_to_replace(effective_from=effective_from, whole_of=whole_of, levels=levels)
    effect = _effect(effective_from, whole_of, levels, at)
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.LEVELS_PUBLISHED,
        area=whole_of if whole_of is not None else _common_area(levels),
        ground=ground,
        detail=detail_of(
            effective_from=effective_from, whole_of=whole_of, levels=levels, replaced=replaced
        ),
        at=at,
        effect=effect,
        touched=levels,
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
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
    within: str = "",
) -> MapPreview:
    """Return what `publish_map` would do with the same arguments. Changes and locks nothing.

    Args:
        within: the area whose map is returned.

    Raises:
        Refusal: as `publish_map`; NoPolicy if no policy is in force.
    """
    _check(account, effective_from, whole_of, levels, at)
    with levels_as_if(effective_from=effective_from, whole_of=whole_of, levels=levels) as change:
        people = _people(change, effective_from, at)
        return MapPreview(change, people, map_on(on=effective_from, within=within))


def _effect(
    effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level], at: datetime
) -> Effect:
    """Count what the map would do to people; no effect before the first policy."""
    with levels_as_if(effective_from=effective_from, whole_of=whole_of, levels=levels) as change:
        try:
            return _people(change, effective_from, at).effect
        except NoPolicy:
            return NO_EFFECT


def _people(change: LevelsChange, effective_from: datetime, at: datetime) -> Comparison:
    return evaluate_levels(
        areas=change.touched,
        touches_from=change.touches_from,
        # Count the colours as of the time when the map takes effect.
        at=max(at, effective_from),
    )


def _check(
    account: Account,
    effective_from: datetime,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
) -> None:
    if effective_from > at + FURTHEST_AHEAD:
        raise invalid(
            "/effective_from", _("A map can be published at most 7 days ahead. Check the date.")
        )
    require_authority(account, [*([whole_of] if whole_of is not None else []), *levels])


def require_authority(account: Account, codes: list[str]) -> None:
    """Check that the account is an officer's with authority over every area of `codes`.

    Raises:
        Forbidden: the account is not an officer's.
        OutsideYourArea: it names the codes (at most 20) outside the officer's authority.
    """
    if not holds(account, Role.OFFICER):
        require(account, Role.OFFICER, "")
    held = areas_of(account, Role.OFFICER)
    outside = [code for code in codes if not any(covers(area, code) for area in held)]
    if outside:
        raise OutsideYourArea(codes=outside[:20])


def _common_area(levels: Mapping[str, Level]) -> str:
    """Return the smallest division that contains all areas; "" is the whole country."""
    shared = set.intersection(*(set(containing(code)) for code in levels)) if levels else set()
    return max(shared, key=len, default="")

"""Publish a risk map as one act, and recompute exactly the people whom it affects."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of, covers, holds, require
from accounts.errors import OutsideYourArea, invalid
from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import record_planned
from healthcode.areas.changes import Change
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
from healthcode.colours.two_persons import do_or_propose
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


@dataclass(frozen=True, slots=True)
class MapPlan(ActPlan[PublishedMap]):
    """A map that an officer wants to publish; the members are the arguments of `publish_map`."""

    kind = ActKind.LEVELS_PUBLISHED
    effective_from: datetime
    whole_of: str | None
    levels: Mapping[str, Level]

    def authorise(self, account: Account) -> None:
        """See `require_authority`."""
        whole = [self.whole_of] if self.whole_of is not None else []
        require_authority(account, [*whole, *self.levels])

    def done_before(self, account: Account, ground: Ground) -> PublishedMap | None:
        """See `published_before`. Publications wait for each other from here on."""
        # Before the act is recorded, so that acts have their numbers in the order of publication.
        one_publication_at_a_time()
        return published_before(account=account, ground=ground, **self._arguments())

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`."""
        self.authorise(account)
        _check_time(self.effective_from, at)
        one_publication_at_a_time()
        with self.as_if() as change:
            try:
                effect = _people(change, self.effective_from, at).effect
            except NoPolicy:
                effect = NO_EFFECT
        return Foreseen(
            area=self.whole_of if self.whole_of is not None else _common_area(self.levels),
            effect=effect,
            facts=facts_of(change),
            touched=tuple(self.levels),
            takes_effect=self.effective_from,
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> PublishedMap:
        """Publish the map, and ask for the recomputation of everybody whom it affects."""
        arguments = self._arguments()
        detail = detail_of(**arguments, replaced=levels_to_replace(**arguments))
        act = record_planned(plan=self, signed=signed, foreseen=foreseen, detail=detail, at=at)
        change = publish_levels(act=act, **arguments)
        recomputation = request(
            cause=Cause.LEVELS, act=act, areas=change.touched, touches_from=change.touches_from
        )
        return PublishedMap(act, change, recomputation)

    def as_if(self) -> AbstractContextManager[LevelsChange]:
        """Show this connection the map as if it were published; see `levels_as_if`."""
        return levels_as_if(**self._arguments())

    def _arguments(self) -> dict[str, Any]:
        return {
            "effective_from": self.effective_from,
            "whole_of": self.whole_of,
            "levels": self.levels,
        }


def publish_map(
    *,
    account: Account,
    effective_from: datetime,
    ground: Ground,
    whole_of: str | None,
    levels: Mapping[str, Level],
    at: datetime,
) -> PublishedMap | Proposal:
    """Publish an officer's map: give areas their risk levels from `effective_from` on.

    The map replaces all levels of its areas from `effective_from` on. Earlier levels stay. The
    service also records who published the map and why (an act). A map that the officer has
    published before is the same act; see `published_before`. If the map needs a second person,
    nothing is published yet, and the proposal is returned.

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
    plan = MapPlan(effective_from, whole_of, levels)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


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
    plan = MapPlan(effective_from, whole_of, levels)
    plan.authorise(account)
    _check_time(effective_from, at)
    with plan.as_if() as change:
        people = _people(change, effective_from, at)
        return MapPreview(change, people, map_on(on=effective_from, within=within))


def map_as_if(plan: MapPlan, *, within: str) -> Map:
    """Return the map within an area as it would be when the plan takes effect."""
    with plan.as_if():
        return map_on(on=plan.effective_from, within=within)


def _people(change: LevelsChange, effective_from: datetime, at: datetime) -> Comparison:
    return evaluate_levels(
        areas=change.touched,
        touches_from=change.touches_from,
        # Count the colours as of the time when the map takes effect.
        at=max(at, effective_from),
    )


def _check_time(effective_from: datetime, at: datetime) -> None:
    if effective_from > at + FURTHEST_AHEAD:
        raise invalid(
            "/effective_from", _("A map can be published at most 7 days ahead. Check the date.")
        )


def facts_of(change: LevelsChange) -> dict[str, Any]:
    """Return what a map would change, as JSON values."""
    return {
        "rose": _as_json(change.rose),
        "fell": _as_json(change.fell),
        "touched": list(change.touched),
    }


def _as_json(changes: Iterable[Change]) -> list[dict[str, str]]:
    return [
        {"code": one.code, "before": one.before.label, "after": one.after.label} for one in changes
    ]


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

"""What the act of a published map says, and whether a map was published before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import Account
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.areas.changes import between, fell, rose
from healthcode.areas.models import AreaLevel, Level
from healthcode.areas.services import LevelsChange
from healthcode.colours.models import Recomputation
from healthcode.core.instants import read_instant

LEVELS = {level.label: level for level in Level}


@dataclass(frozen=True, slots=True)
class PublishedMap:
    """A map that was published: its act, what it changes, and the recomputation that follows."""

    act: Act
    change: LevelsChange
    recomputation: Recomputation


def detail_of(
    *,
    effective_from: datetime,
    whole_of: str | None,
    levels: Mapping[str, Level],
    replaced: Mapping[str, Sequence[tuple[datetime, Level]]],
) -> dict[str, Any]:
    """Return what the act says: the map, and the levels that it replaces by others."""
    return {
        "effective_from": effective_from.isoformat(),
        "whole_of": whole_of,
        "levels": _labels(levels),
        "replaced": {
            code: [[since.isoformat(), level.label] for since, level in periods]
            for code, periods in replaced.items()
        },
    }


def published_before(
    *,
    account: Account,
    effective_from: datetime,
    ground: Ground,
    whole_of: str | None,
    levels: Mapping[str, Level],
) -> PublishedMap | None:
    """Return the map that this officer published before with the same arguments, if it still holds.

    Publishing a map twice is one act. The second map is the same if all of this is true:

    - The same account published it, on the same ground in the same words. A map of another officer
      is an act of its own, because that officer answers for it, too. So is a map on another ground.
    - It has the same instant, the same whole and the same levels. The map of a new day is an act of
      its own even if no level changes.
    - No other act has given a level to any of its areas for any time from this instant on. So
      publishing it again would change nothing for any area at any time.

    Acts that do not say what they replaced (versions before 1.1.0) are never the same.
    """
    acts = Act.objects.filter(
        account=account,
        kind=ActKind.LEVELS_PUBLISHED,
        ground_kind=ground.kind,
        ground=ground.text,
        detail__whole_of=whole_of,
        detail__levels=_labels(levels),
        detail__has_key="replaced",
    )
    for act in acts.order_by("-pk"):
        if read_instant(act.detail["effective_from"]) != effective_from:
            continue
        recomputation = act.recomputations.first()
        if recomputation and not _is_overtaken(act, effective_from, whole_of, levels):
            return PublishedMap(act, change_of(act), recomputation)
    return None


def change_of(act: Act) -> LevelsChange:
    """Return what the act of a map changed when it was published, from what the act says."""
    effective_from = read_instant(act.detail["effective_from"])
    replaced = replaced_by(act)
    levels = act.detail["levels"]
    after = {code: LEVELS[levels.get(code, Level.GREEN.label)] for code in replaced}
    before = {
        code: level
        for code, periods in replaced.items()
        for since, level in periods
        if since <= effective_from
    }
    changes = between(before, after)
    return LevelsChange(rose(changes), fell(changes), tuple(sorted(replaced)), effective_from)


def replaced_by(act: Act) -> dict[str, list[tuple[datetime, Level]]]:
    """Return the levels that the act of a map replaced by others, as `levels_to_replace` does."""
    return {
        code: [(read_instant(since), LEVELS[label]) for since, label in periods]
        for code, periods in act.detail["replaced"].items()
    }


def _is_overtaken(
    act: Act, effective_from: datetime, whole_of: str | None, levels: Mapping[str, Level]
) -> bool:
    areas = Q(area__in=list(levels))
    if whole_of is not None:
        areas |= Q(area__code__startswith=whole_of)
    in_force = AreaLevel.objects.filter(areas, during__overlap=(effective_from, None))
    return in_force.exclude(act=act).exists()


def _labels(levels: Mapping[str, Level]) -> dict[str, str]:
    return {code: level.label for code, level in levels.items()}

"""Find the map that takes a published map back. An officer previews and publishes it as any other.

A withdrawal has no such undo, because nobody changes a fact again that was withdrawn: the source
reports it once more. A meeting that was entered by mistake is taken back on the page of its
inquiry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel, Level
from healthcode.officers.maps.published import change_of, replaced_by
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class MapBefore:
    """The map that restores the levels as they were before the act with this number.

    `overtaken` are areas to which a later act has given a level since; they stay as they are.
    `several` are areas that had more than one level, one after the other, from the act's instant
    on. One map cannot restore them, so they stay as they are, too.
    """

    act: int
    effective_from: datetime
    levels: Mapping[str, Level]
    overtaken: tuple[str, ...]
    several: tuple[str, ...]


def map_before(*, act_id: int) -> MapBefore:
    """Return the map that restores the levels as they were before a map was published.

    It holds from the same instant as the published map. So people who got a colour by the published
    map lose it again.

    Raises:
        NotFound: no map has this number, the act does not say what it replaced (versions before
            1.1.0), or there is nothing to restore.
    """
    act = Act.objects.filter(pk=act_id, kind=ActKind.LEVELS_PUBLISHED).first()
    if act is None:
        raise NotFound(_("No published map has this number."))
    if "replaced" not in act.detail:
        raise NotFound(
            _("This act does not say which levels it replaced. Publish the earlier map again.")
        )
    change, replaced = change_of(act), replaced_by(act)
    before = {one.code: one.before for one in (*change.rose, *change.fell)}
    several = {
        code
        for code, held in replaced.items()
        if code not in before or _changes_later(held, change.touches_from)
    }
    overtaken = _overtaken(act, change.touches_from)
    levels = {code: before[code] for code in before.keys() - several - overtaken}
    if not levels:
        raise NotFound(
            _(
                "One map cannot restore anything here: later maps changed these areas, or they had "
                "several levels one after the other. Publish the right levels yourself."
            )
        )
    return MapBefore(
        act=act.pk,
        effective_from=change.touches_from,
        levels=dict(sorted(levels.items())),
        overtaken=tuple(sorted(overtaken)),
        several=tuple(sorted(several - overtaken)),
    )


def _changes_later(held: Sequence[tuple[datetime, Level]], starts: datetime) -> bool:
    """Return whether an area had another level later than when the map took effect."""
    now = [level for since, level in held if since <= starts] or [Level.GREEN]
    return any(level is not now[-1] for since, level in held if since > starts)


def _overtaken(act: Act, starts: datetime) -> set[str]:
    later = AreaLevel.objects.filter(during__overlap=(starts, None)).exclude(act=act)
    named = later.filter(area__in=list(act.detail["replaced"]))
    return set(named.values_list("area", flat=True))

"""Say whether a division's code is valid at a time, and which codes succeeded it.

Everything that stores an area asks this module. docs/decisions/0028-codes-have-a-life.md says who
refuses an ended code, and why.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from healthcode.areas.errors import EndedArea, UnknownArea
from healthcode.areas.models import Area
from healthcode.areas.register import containing
from healthcode.areas.selectors import path_name
from healthcode.areas.successors import successors_of
from healthcode.web.days import is_chinese, start_of_day
from healthcode.web.templatetags.instants import day

# If nobody knows in which township of a county an area lay, all of them are its successors. A
# sentence lists at most so many.
MOST_TOLD: Final = 6


@dataclass(frozen=True, slots=True)
class Named:
    """The code of a division and its full name, from the province down."""

    code: str
    name: str

    def __str__(self) -> str:
        return _("%(area)s (%(code)s)") % {"area": self.name, "code": self.code}


@dataclass(frozen=True, slots=True)
class Life:
    """The life of a division's code: its full name, when it ended, and which codes succeeded it.

    `ends` is the first day on which the code was no longer valid, or None. `successors` are the
    codes that took its place, as far as they are known. `within` is the smallest present division
    that contains the area, if there is one.
    """

    code: str
    name: str
    ends: date | None
    successors: tuple[Named, ...]
    within: Named | None

    def has_ended_by(self, at: datetime) -> bool:
        """Return whether the code had ended at `at`.

        Ask with the beginning of a period: one that begins before the end is still accepted.
        """
        return self.ends is not None and start_of_day(self.ends) <= at

    @property
    def can_be_listed(self) -> bool:
        """Return whether there are successors, and few enough to list in a sentence."""
        return 0 < len(self.successors) <= MOST_TOLD

    @property
    def sentence(self) -> str:
        """Say that the code has ended, and which code to use instead."""
        return _follow(self._ending, self._instead)

    @property
    def counted_as(self) -> str:
        """Say that the code has ended, and whose levels count for people who were there."""
        if self.can_be_listed:
            counted = _("The rules and levels of %(successors)s apply instead.")
            return _follow(self._ending, counted % {"successors": _list(self.successors)})
        if self.successors:
            counted = _("The rules and levels of any part of %(parent)s apply instead.")
        else:
            counted = _(
                "We do not know which area took its place, so the levels of %(parent)s apply."
            )
        return _follow(self._ending, counted % {"parent": self.within or self.code})

    @property
    def _ending(self) -> str:
        said = {"area": Named(self.code, self.name), "day": day(self.ends)}
        return _("The area code %(area)s has not been in use since %(day)s.") % said

    @property
    def _instead(self) -> str:
        if len(self.successors) == 1:
            return _("Use %(successor)s instead.") % {"successor": self.successors[0]}
        if self.can_be_listed:
            instead = _("Use one of these instead: %(successors)s.")
            return instead % {"successors": _list(self.successors)}
        instead = _("Use the present code of the place, within %(parent)s.")
        return instead % {"parent": self.within or self.code[:2]}


@dataclass(frozen=True, slots=True)
class Use:
    """An area named in some input: its code, when the stay or map begins, and the JSON pointer."""

    code: str
    starts: datetime
    pointer: str


def lives(codes: Collection[str]) -> dict[str, Life]:
    """Return the life of each known code, past or present. One query."""
    spoken_of = {area for code in codes for area in (code, *successors_of(code))}
    rows = Area.objects.filter(code__in={part for area in spoken_of for part in containing(area)})
    known = {row.code: row for row in rows}
    return {code: _life(code, known) for code in codes if code in known}


def require_valid(uses: Iterable[Use]) -> None:
    """Refuse areas that never existed, or whose code ended before the time of their use.

    Call this for areas that people choose. If a source reports an area with an ended code, the
    service stores it, and its successors count.

    Raises:
        UnknownArea: some codes name no area. The error lists at most 20.
        EndedArea: some codes have ended. The error says what to use instead of each.
    """
    asked = list(uses)
    known = lives({use.code for use in asked})
    unknown = [use for use in asked if use.code not in known]
    if unknown:
        raise UnknownArea(
            errors=[{"pointer": use.pointer, "detail": UnknownArea.sentence} for use in unknown],
            codes=sorted({use.code for use in unknown})[:20],
        )
    ended = [(use, known[use.code]) for use in asked if known[use.code].has_ended_by(use.starts)]
    if ended:
        raise EndedArea([(use.pointer, life.code, life.sentence) for use, life in ended])


def require_division(code: str, at: datetime, pointer: str) -> None:
    """Check one area like `require_valid`; the accounts room below calls it through a hook."""
    require_valid([Use(code, at, pointer)])


def _life(code: str, known: Mapping[str, Area]) -> Life:
    names = {area: row.name for area, row in known.items()}
    existing = [part for part in containing(code)[:-1] if part in known and not known[part].ends]
    return Life(
        code=code,
        name=path_name(code, names),
        ends=known[code].ends,
        successors=tuple(
            Named(new, path_name(new, names)) for new in successors_of(code) if new in known
        ),
        within=Named(existing[-1], path_name(existing[-1], names)) if existing else None,
    )


def _follow(first: str, second: str) -> str:
    """Return two sentences as one text; Chinese has no blank between sentences."""
    return f"{first}{'' if is_chinese(get_language()) else ' '}{second}"


def _list(areas: Iterable[Named]) -> str:
    return _(", ").join(str(area) for area in areas)

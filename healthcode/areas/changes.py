"""What became of the levels of areas between two maps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from healthcode.areas.models import Level


@dataclass(frozen=True, slots=True)
class Change:
    """An area whose level is another than before."""

    code: str
    before: Level
    after: Level


def rose(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Those whose level is higher than before."""
    return tuple(change for change in changes if change.after > change.before)


def fell(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Those whose level is lower than before."""
    return tuple(change for change in changes if change.after < change.before)


def between(before: Mapping[str, Level], after: Mapping[str, Level]) -> list[Change]:
    """What changed from one map to the other, by code; an area that a map lacks is green."""
    pairs = (
        Change(code, before.get(code, Level.GREEN), after.get(code, Level.GREEN))
        for code in sorted(before.keys() | after.keys())
    )
    return [pair for pair in pairs if pair.before is not pair.after]

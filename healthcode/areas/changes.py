"""Compare the levels of two maps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from healthcode.areas.models import Level


@dataclass(frozen=True, slots=True)
class Change:
    """An area whose level changed from `before` to `after`."""

    code: str
    before: Level
    after: Level


def rose(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes to a higher level."""
    return tuple(change for change in changes if change.after > change.before)


def fell(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes to a lower level."""
    return tuple(change for change in changes if change.after < change.before)


def between(before: Mapping[str, Level], after: Mapping[str, Level]) -> list[Change]:
    """Return the changes from one map to another, sorted by code; missing areas are green."""
    pairs = (
        Change(code, before.get(code, Level.GREEN), after.get(code, Level.GREEN))
        for code in sorted(before.keys() | after.keys())
    )
    return [pair for pair in pairs if pair.before is not pair.after]

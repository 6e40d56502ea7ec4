"""What can contradict the public log."""

from dataclasses import dataclass
from enum import StrEnum


class LogFindingKind(StrEnum):
    """What contradicts the public log. The value is stored, so never rename it."""

    ACT_EDITED = "act-edited"
    """The act is not the one for which its leaf was made. The number is that of the act."""
    ACT_MISSING = "act-missing"
    """The act of a leaf is gone. The number is that of the act."""
    ACT_NOT_LOGGED = "act-not-logged"
    """An act has no leaf. The number is that of the act."""
    ALARM_EDITED = "alarm-edited"
    """An alarm is not that of its leaf, or one of the two is gone. The number is the alarm's."""
    LEAF_EDITED = "leaf-edited"
    """A leaf is not the published one. The number is its position."""
    LEAF_MISSING = "leaf-missing"
    """A leaf is gone. The number is its position."""
    LOOK_EDITED = "look-edited"
    """A look is not the one for which its digest was made. The number is that of the look."""
    LOOK_MISSING = "look-missing"
    """A look is gone, by no rule. The number is that of the look."""
    LOOK_NOT_LOGGED = "look-not-logged"
    """A look has no digest. The number is that of the look."""
    LOOKS_EDITED = "looks-edited"
    """The digests of an hour's looks are not those of their leaf. The number is in the leaf."""
    TILE_WRONG = "tile-wrong"
    """A tile above level 0 does not follow from those below. The number is its first leaf's."""
    CHECKPOINT_WRONG = "checkpoint-wrong"
    """The newest checkpoint is not that of the leaves, or not signed. The number is its size."""


@dataclass(frozen=True, slots=True)
class LogFinding:
    """A contradiction: its kind, and the number of the act or the position of the leaf."""

    kind: LogFindingKind
    number: int

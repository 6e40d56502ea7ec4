"""The effect of an act: how many people get which colour. It names nobody."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

ByColour: TypeAlias = tuple[int, int, int]
"""How many people are green, yellow and red."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The colours of the people whom an act concerns, before it and after it.

    Attributes:
        worse: how many get a graver colour.
        homes: how many change colour, by the county of their home (short form).
    """

    before: ByColour
    after: ByColour
    worse: int
    homes: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Effect") -> "Effect":
        """Return the effect on two groups of people together. Nobody may be in both."""
        return Effect(
            _sum(self.before, other.before),
            _sum(self.after, other.after),
            self.worse + other.worse,
            Counter(self.homes) + Counter(other.homes),
        )


def _sum(some: ByColour, others: ByColour) -> ByColour:
    green, yellow, red = (one + two for one, two in zip(some, others, strict=True))
    return green, yellow, red


NO_EFFECT: Final = Effect((0, 0, 0), (0, 0, 0), 0)
"""The effect of an act that concerns nobody's colour."""

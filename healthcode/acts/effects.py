"""The effect of an act: how many people get which colour. It names nobody."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeAlias

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

    def is_near(self, other: "Effect") -> bool:
        """Return whether no count differs by more than a hundredth from that of `self`.

        So counts below a hundred must be the same. In a province the counts of a large map change
        every minute, because people move and recover.
        """
        pairs = zip(self._counts, other._counts, strict=True)
        return all(abs(one - two) <= one // 100 for one, two in pairs)

    @property
    def _counts(self) -> tuple[int, ...]:
        return (*self.before, *self.after, self.worse)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "before": list(self.before),
            "after": list(self.after),
            "worse": self.worse,
            "homes": dict(sorted(self.homes.items())),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return the effect that `as_json` wrote."""
        before, after = _by_colour(told["before"]), _by_colour(told["after"])
        return cls(before, after, told["worse"], told["homes"])


def _by_colour(counts: Iterable[int]) -> ByColour:
    green, yellow, red = counts
    return green, yellow, red


def _sum(some: ByColour, others: ByColour) -> ByColour:
    return _by_colour(one + two for one, two in zip(some, others, strict=True))


NO_EFFECT: Final = Effect((0, 0, 0), (0, 0, 0), 0)
"""The effect of an act that concerns nobody's colour."""

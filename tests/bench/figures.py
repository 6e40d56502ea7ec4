"""Measuring something and its limits in turns, and what comes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio should come to; without either bound it is told and not judged."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, ratio: float) -> bool | None:
        """Whether `ratio` keeps within the bounds; None where there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        return (self.at_most is None or ratio <= self.at_most) and (
            self.at_least is None or ratio >= self.at_least
        )

    def __str__(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"


TOLD = Goal()


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: `subject[n]` and `limit[n]` were measured in the same round."""

    suite: str
    measure: str
    limit_is: str
    unit: str
    subject: Sequence[float]
    limit: Sequence[float]
    goal: Goal = TOLD
    note: str = ""

    @property
    def ratios(self) -> list[float]:
        """Subject by limit, round by round."""
        return [one / other for one, other in zip(self.subject, self.limit, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of a round."""
        return min(self.ratios), max(self.ratios)

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return self.goal.is_met(self.ratio)


def alternate(*actions: Callable[[], float], rounds: int) -> tuple[list[float], ...]:
    """Measure all in turns, each first in its round, so that none always has the warm cache.

    Each action returns what it measured itself: seconds, or a rate. Returns a list for each.
    """
    measured: tuple[list[float], ...] = tuple([] for _ in actions)
    for number in range(rounds):
        for step in range(len(actions)):
            turn = (number + step) % len(actions)
            measured[turn].append(actions[turn]())
    return measured


def timed(action: Callable[[], object]) -> float:
    """How many seconds `action` takes."""
    began = perf_counter()
    action()
    return perf_counter() - began

"""Measure something and its limits in turns, and compute the ratios."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Goal:
    """The bounds of a ratio. A ratio without bounds is printed but not judged."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, ratio: float) -> bool | None:
        """Return whether `ratio` is within the bounds; None if there are none."""
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
    """A line of the table. Round n measured `subject[n]` and `limit[n]`."""

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
        """Return subject divided by limit, round by round."""
        return [one / other for one, other in zip(self.subject, self.limit, strict=True)]

    @property
    def ratio(self) -> float:
        """Return the median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """Return the smallest and the largest ratio."""
        return min(self.ratios), max(self.ratios)

    @property
    def met(self) -> bool | None:
        """Return whether the goal is reached; None if there is none."""
        return self.goal.is_met(self.ratio)


def alternate(*actions: Callable[[], float], rounds: int) -> tuple[list[float], ...]:
    """Measure all in turns; the order rotates, so that none always has the warm cache.

    Each action returns its own measurement: seconds, or a rate. Return a list for each action.
    """
    measured: tuple[list[float], ...] = tuple([] for _ in actions)
    for number in range(rounds):
        for step in range(len(actions)):
            turn = (number + step) % len(actions)
            measured[turn].append(actions[turn]())
    return measured


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds `action` takes."""
    began = perf_counter()
    action()
    return perf_counter() - began

"""Lay out a chain of contacts for an inline SVG: case, contacts, and contacts of close contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from healthcode.tracing.kinds import Strength
from healthcode.tracing.trace import Chain

# More circles than this in a column cannot be told apart; the table on the page lists everybody.
MOST: Final = 30
# In units of the picture, which is as narrow as a phone so that the numbers can be read there.
COLUMNS: Final = (20, 136, 252)
WIDTH: Final = 360
STEP: Final = 30
ORDER: Final = (Strength.CLOSE, Strength.CASUAL, Strength.DOUBTFUL)


@dataclass(frozen=True, slots=True)
class Node:
    """A person as a circle; `strength` is "" for the case."""

    person: int
    x: int
    y: int
    strength: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two people who met."""

    x1: int
    y1: int
    x2: int
    y2: int
    strength: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The picture: its size, circles and lines, and how many people did not fit in."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    left_out: int


def draw(chain: Chain) -> Graph:
    """Lay out a chain. A person is drawn once in a column, with their closest contact."""
    nearest: dict[int, Strength] = {}
    for strength in ORDER:
        for met in chain.contacts:
            if met.strength is strength:
                nearest.setdefault(met.person, strength)
    second = dict.fromkeys(other.encounter.person for other in chain.secondary)
    drawn = max(1, min(MOST, max(len(nearest), len(second))))
    height = (drawn + 1) * STEP
    case = Node(chain.case.person, COLUMNS[0], height // 2, "")
    first = {
        person: Node(person, COLUMNS[1], y, nearest[person])
        for person, y in zip(nearest, _spread(len(nearest), height), strict=False)
    }
    last = {
        person: Node(person, COLUMNS[2], y, Strength.SECONDARY)
        for person, y in zip(second, _spread(len(second), height), strict=False)
    }
    edges = [_edge(case, node) for node in first.values()]
    pairs = dict.fromkeys((other.of, other.encounter.person) for other in chain.secondary)
    edges += [_edge(first[a], last[b]) for a, b in pairs if a in first and b in last]
    nodes = (case, *first.values(), *last.values())
    left_out = len(nearest) - len(first) + len(second) - len(last)
    return Graph(WIDTH, height, nodes, tuple(edges), left_out)


def _spread(number: int, height: int) -> Sequence[int]:
    shown = min(number, MOST)
    return [height * (n + 1) // (shown + 1) for n in range(shown)]


def _edge(one: Node, other: Node) -> Edge:
    return Edge(one.x, one.y, other.x, other.y, other.strength)

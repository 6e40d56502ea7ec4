"""Newline-delimited JSON: one fact a line, each read for itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from healthcode.core.strict_json import load
from healthcode.evidence.errors import MalformedLine, TooManyLines

# Some 10 s of one process: more would keep a web worker from everybody else.
MOST_LINES: Final = 50_000


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line by its number (from 1) and the JSON value on it, or what kept it from being one."""

    number: int
    value: object


def read(lines: Iterable[bytes]) -> Iterator[NumberedLine]:
    """Number the lines and parse each; blank ones are counted and passed over.

    A line that is not JSON has a `MalformedLine` as its value, so that the others still count.

    Raises:
        TooManyLines: on coming to line `MOST_LINES` + 1.
    """
    for number, line in enumerate(lines, start=1):
        if number > MOST_LINES:
            raise TooManyLines(MOST_LINES)
        if not line.strip():
            continue
        try:
            yield NumberedLine(number, load(line, MalformedLine))
        except MalformedLine as fault:
            yield NumberedLine(number, fault)

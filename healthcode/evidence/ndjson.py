"""Newline-delimited JSON: one fact a line, each read for itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from healthcode.core.strict_json import load
from healthcode.evidence.errors import MalformedLine


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line by its number (from 1) and the JSON value on it, or what kept it from being one."""

    number: int
    value: object


def read(lines: Iterable[bytes]) -> Iterator[NumberedLine]:
    """Number the lines and parse each; blank ones are counted and passed over.

    A line that is not JSON has a `MalformedLine` as its value, so that the others still count.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield NumberedLine(number, load(line, MalformedLine))
        except MalformedLine as fault:
            yield NumberedLine(number, fault)

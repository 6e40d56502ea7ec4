"""Newline-delimited JSON: one fact a line, each read for itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from healthcode.core.strict_json import load, without_mark
from healthcode.evidence.errors import MalformedLine, TooManyLines
from healthcode.web.parsers import unreadable


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line by its number (from 1) and the JSON value on it, or what kept it from being one."""

    number: int
    value: object


def read(lines: Iterable[bytes], *, most: int | None = None) -> Iterator[NumberedLine]:
    """Number the lines and parse each; blank ones are counted and passed over.

    A byte order mark before the first is passed over too.

    A line that is not JSON has a `MalformedLine` as its value, so that the others still count.

    Raises:
        TooManyLines: on coming to a line after `most`.
    """
    for number, line in enumerate(lines, start=1):
        if most is not None and number > most:
            raise TooManyLines(most)
        text = without_mark(line) if number == 1 else line
        if not text.strip():
            continue
        yield NumberedLine(number, _value(text))


def _value(line: bytes) -> object:
    try:
        value = load(line, MalformedLine)
        readable = not any(unreadable(value))
    except MalformedLine as fault:
        return fault
    except RecursionError:
        return MalformedLine("nested too deeply")
    return value if readable else MalformedLine("half a character")

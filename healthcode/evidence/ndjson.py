"""Read newline-delimited JSON (NDJSON): one fact on each line, each parsed on its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from healthcode.core.strict_json import load, without_mark
from healthcode.evidence.errors import MalformedLine, TooManyLines
from healthcode.web.parsers import unreadable


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line: its number (from 1), and its JSON value or the `MalformedLine` that it caused."""

    number: int
    value: object


def read(lines: Iterable[bytes], *, most: int | None = None) -> Iterator[NumberedLine]:
    """Parse the lines and give each its number. Blank lines are counted but left out.

    A byte order mark before the first line is skipped. If a line is not JSON, its value is a
    `MalformedLine`, so that the other lines can still be used.

    Raises:
        TooManyLines: there are more lines than `most`.
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

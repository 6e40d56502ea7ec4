"""Bodies of many lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser

from healthcode.evidence import ndjson
from healthcode.evidence.ndjson import NumberedLine

# Some 10 s of one process: more would keep a web worker from everybody else.
MOST_LINES: Final = 50_000


@dataclass(frozen=True, slots=True)
class NumberedLines:
    """A body of many lines, as told from a body that is one JSON value."""

    lines: list[NumberedLine]


class NdjsonParser(BaseParser):
    """`application/x-ndjson`: the lines by number, each read for itself."""

    media_type = "application/x-ndjson"

    def parse(  # type: ignore[override]  # the stubs know of bodies that are forms only
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> NumberedLines:
        """Read every line; one that is not JSON spoils only itself.

        The body, whose length is bounded, is read whole: lines read one by one from the server's
        own stream end after the first.
        """
        return NumberedLines(list(ndjson.read(BytesIO(stream.read()), most=MOST_LINES)))

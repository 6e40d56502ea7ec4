"""Parse request bodies with one JSON object on each line (NDJSON)."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Final

from rest_framework.parsers import BaseParser

from healthcode.evidence import ndjson
from healthcode.evidence.ndjson import NumberedLine

# One process works on them for about 10 s; more lines would block a web worker for too long.
MOST_LINES: Final = 50_000


@dataclass(frozen=True, slots=True)
class NumberedLines:
    """A parsed body of many lines; the type distinguishes it from a body with one JSON value."""

    lines: list[NumberedLine]


class NdjsonParser(BaseParser):
    """Parser for `application/x-ndjson`: it numbers the lines and parses each on its own."""

    media_type = "application/x-ndjson"

    def parse(  # type: ignore[override]  # the stubs know of bodies that are forms only
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> NumberedLines:
        """Parse every line; a line that is not JSON does not affect the others.

        The body is limited in length and is read whole, because the server's own stream ends after
        the first line when it is read line by line.
        """
        return NumberedLines(list(ndjson.read(BytesIO(stream.read()), most=MOST_LINES)))

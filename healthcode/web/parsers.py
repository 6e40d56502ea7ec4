"""Bodies of requests, read before any view sees them."""

import re
from abc import ABC, abstractmethod
from codecs import lookup
from collections.abc import Iterator, Mapping
from io import BytesIO
from json import JSONDecoder
from typing import IO, Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, get_encoding  # type: ignore[attr-defined]
from rest_framework.utils.json import strict_constant

from healthcode.web.errors import InvalidInput
from healthcode.web.problems import escape

SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPE: Final = r"\u"
_UTF_8: Final = lookup("utf-8").name
_DECODER: Final = JSONDecoder(parse_constant=strict_constant)


class StrictJSONParser(JSONParser):
    """JSON whose depth is bounded and whose text is made of characters.

    JSON can escape halves of surrogate pairs, which no encoding carries: they would break the
    database, or the answer that quotes them.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value that the body is.

        Raises:
            ParseError: when it is no JSON, or nested too deeply.
            InvalidInput: naming each text that is not made of characters.
        """
        try:
            encoding = get_encoding(parser_context or {})
            text = stream.read().decode(encoding)
            value = _DECODER.decode(text)
            # UTF-8 itself carries no half; looking took longer than reading the JSON.
            may_be_broken = _ESCAPE in text or (
                lookup(encoding).name != _UTF_8 and SURROGATE.search(text)
            )
            broken = list(unreadable(value)) if may_be_broken else []
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        if broken:
            sentence = _("This text holds half a character (a lone surrogate).")
            raise InvalidInput(
                sentence, errors=[{"pointer": pointer, "detail": sentence} for pointer in broken]
            )
        return value


class TypedJSONParser(StrictJSONParser, ABC):
    """JSON read straight into a type; what does not fit it is read as by StrictJSONParser.

    So what is right is decoded once, and whoever gets something else says what is wrong with it.
    """

    @abstractmethod
    def read(self, text: str) -> object:
        """What the text is. Raises ValueError for any other text, also one that is no JSON."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """See StrictJSONParser."""
        body = stream.read()
        try:
            return self.read(body.decode(get_encoding(parser_context or {})))
        except ValueError:
            return super().parse(BytesIO(body), media_type, parser_context)


def unreadable(value: object, pointer: str = "") -> Iterator[str]:
    """The JSON pointer of every name and text in `value` that holds a lone surrogate."""
    if isinstance(value, str):
        if SURROGATE.search(value):
            yield pointer
    elif isinstance(value, dict):
        for name, member in value.items():
            readable = name.encode("utf-8", "backslashreplace").decode()
            if readable != name:
                yield f"{pointer}/{escape(readable)}"
            yield from unreadable(member, f"{pointer}/{escape(readable)}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from unreadable(member, f"{pointer}/{index}")

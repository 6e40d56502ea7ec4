"""Bodies of requests, read before any view sees them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from healthcode.core import strict_json
from healthcode.web.errors import InvalidInput
from healthcode.web.problems import escape
from healthcode.web.texts import read_utf8

SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ESCAPE: Final = r"\u"


class StrictJSONParser(JSONParser):
    """JSON whose depth is bounded, whose names are single and whose text is made of characters.

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
            ParseError: when it is no JSON, repeats a name, or is nested too deeply.
            InvalidInput: naming each text that is not made of characters.
        """
        try:
            text = read_utf8(stream.read())
            value = strict_json.read(text)
            # UTF-8 itself carries no half; looking took longer than reading the JSON.
            broken = list(unreadable(value)) if _ESCAPE in text else []
        except strict_json.RepeatedName as error:
            raise ParseError(
                _("An object contains the same member twice. Send each member only once.")
            ) from error
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        if broken:
            sentence = _("This text contains half a character (a lone surrogate).")
            raise InvalidInput(
                sentence, errors=[{"pointer": pointer, "detail": sentence} for pointer in broken]
            )
        return value


class TypedJSONParser(StrictJSONParser, ABC):
    """JSON that becomes a type where it fits; where it does not, the value that it is.

    So what is right is checked once, and the serializers say what is wrong with the rest.
    """

    @abstractmethod
    def typed(self, value: object) -> object:
        """What the value is. Raises ValueError for one that does not fit."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """See StrictJSONParser."""
        value = super().parse(stream, media_type, parser_context)
        try:
            return self.typed(value)
        except ValueError:
            return value


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

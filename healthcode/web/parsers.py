"""Parsers for the bodies of the interface's requests."""

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
    """Read JSON with limited depth, unique names and valid text only.

    JSON can escape lone surrogates, which UTF-8 cannot encode: they would break the database, or an
    answer that quotes them.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the body.

        Raises:
            ParseError: when it is not JSON, repeats a name, or is nested too deeply.
            InvalidInput: pointing at each text that has a lone surrogate.
        """
        try:
            text = read_utf8(stream.read())
            value = strict_json.read(text)
            # Only an escape can make a surrogate, and searching every body took longer than reading
            # it.
            broken = list(unreadable(value)) if _ESCAPE in text else []
        except strict_json.RepeatedName as error:
            raise ParseError(
                _("An object contains the same member twice. Send each member only once.")
            ) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON: %(error)s") % {"error": error}) from error
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        if broken:
            sentence = _("This text contains half a character (a lone surrogate).")
            raise InvalidInput(
                sentence, errors=[{"pointer": pointer, "detail": sentence} for pointer in broken]
            )
        return value


class TypedJSONParser(StrictJSONParser, ABC):
    """Read JSON into a type when it fits, and into plain values when it does not.

    So correct input is checked only once, and the serializers explain what is wrong with the rest.
    """

    @abstractmethod
    def typed(self, value: object) -> object:
        """Convert the value to the type. Raises ValueError when it does not fit."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        value = super().parse(stream, media_type, parser_context)
        try:
            return self.typed(value)
        except ValueError:
            return value


def unreadable(value: object, pointer: str = "") -> Iterator[str]:
    """Return the JSON pointer of every name and text in `value` that has a lone surrogate."""
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

"""Answers of the interface that are called for many times a second."""

from collections.abc import Mapping

import msgspec
from django.http import HttpResponse


def as_json(value: object) -> bytes:
    """`value` as JSON: UUIDs as text, instants in RFC 3339, enumerations by their values.

    Raises TypeError for what has no form in JSON, UnicodeEncodeError for half a character.
    """
    return msgspec.json.encode(value, enc_hook=_plain)


def json_answer(
    document: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """`document` as JSON.

    The framework's own answer renders like a template, with a renderer that it asks after; where
    the document is made of plain values and is JSON in any case, that is half of its cost.
    """
    return HttpResponse(as_json(document), content_type="application/json", headers=headers)


def _plain(value: object) -> str:
    """Texts of the framework know more than JSON carries, such as the code of an error."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")

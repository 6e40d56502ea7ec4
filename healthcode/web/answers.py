"""Answers for the calls of the interface that come many times a second."""

from collections.abc import Mapping

import msgspec
from django.http import HttpResponse


def as_json(value: object) -> bytes:
    """Encode `value` as JSON: UUIDs as text, instants in RFC 3339, enumerations by their values.

    Raises TypeError for a value that JSON does not have, UnicodeEncodeError for a lone surrogate.
    """
    return msgspec.json.encode(value, enc_hook=_plain)


def json_answer(
    document: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Answer with `document` as JSON.

    This costs half of what the framework's own answer costs, which chooses a renderer and renders
    like a template. It suits documents of plain values that are JSON whatever the client accepts.
    """
    return HttpResponse(as_json(document), content_type="application/json", headers=headers)


def _plain(value: object) -> str:
    """Convert the framework's subclasses of `str`, such as `ErrorDetail`, to plain text."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")

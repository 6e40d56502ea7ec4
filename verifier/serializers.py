"""The code that a request carries, and the verdict that the answer carries."""

from typing import Annotated, Any

import msgspec
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from healthcode.core import Colour, Outcome, Reason
from healthcode.web import texts

OUTCOMES = [outcome.value for outcome in Outcome]
REASONS = [reason.value for reason in Reason]
COLOURS = [colour.label for colour in Colour]

CodeText = Annotated[str, msgspec.Meta(min_length=1)]
"""The text that a scanner read. It must not be empty."""


def scanned(text: str) -> str:
    """Return the text without the blanks that scanners and copying add (docs/format.md, 10).

    No code begins or ends in a blank. Raises ValueError when nothing is left.
    """
    code = texts.trimmed(text)
    if not code:
        raise ValueError("no code")
    return code


@extend_schema_field(OpenApiTypes.STR)
class CodeField(serializers.Field[str, Any, str, Any]):
    """The text that a scanner read, without the blanks around it.

    Any text is accepted, even with NUL in it: a QR picture can hold anything, staff need a verdict
    on it, and the text is never stored.
    """

    default_error_messages = {
        "invalid": _("The code must be text."),
        "blank": _("The code is empty."),
    }

    def to_internal_value(self, data: object) -> str:
        """Return the text. Raises ValidationError for an empty text, and for anything else."""
        try:
            return scanned(msgspec.convert(data, CodeText))
        except ValueError:
            self.fail("blank" if isinstance(data, str) else "invalid")

    def to_representation(self, value: str) -> str:
        """Return the same text."""
        return value


class VerdictOutput(serializers.Serializer[Any]):
    """A verdict. `message` tells the staff what to do."""

    outcome = serializers.ChoiceField(OUTCOMES)
    reason = serializers.ChoiceField(REASONS)
    colour = serializers.ChoiceField(COLOURS, allow_null=True)
    holder = serializers.CharField(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()

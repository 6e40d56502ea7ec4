"""A code as it is sent for judging, and a verdict as it is answered."""

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
"""The text a scanner read: any but an empty one."""


def scanned(text: str) -> str:
    """The text without what scanners, keyboards and copying put around it (docs/format.md, 10).

    No code loses anything: none begins or ends in a blank. Raises ValueError where nothing is left.
    """
    code = texts.trimmed(text)
    if not code:
        raise ValueError("no code")
    return code


@extend_schema_field(OpenApiTypes.STR)
class CodeField(serializers.Field[str, Any, str, Any]):
    """The text a scanner read, without the blanks around it.

    Any text is taken, also one with NUL in it: a QR picture can hold anything, staff are owed a
    verdict on it, and it is never stored.
    """

    default_error_messages = {
        "invalid": _("The code must be a text."),
        "blank": _("The code is empty."),
    }

    def to_internal_value(self, data: object) -> str:
        """The text. Raises ValidationError for what is no text, or an empty one."""
        try:
            return scanned(msgspec.convert(data, CodeText))
        except ValueError:
            self.fail("blank" if isinstance(data, str) else "invalid")

    def to_representation(self, value: str) -> str:
        """The same text."""
        return value


class VerdictOutput(serializers.Serializer[Any]):
    """What a verdict tells; `message` says to a person what to do."""

    outcome = serializers.ChoiceField(OUTCOMES)
    reason = serializers.ChoiceField(REASONS)
    colour = serializers.ChoiceField(COLOURS, allow_null=True)
    holder = serializers.CharField(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()

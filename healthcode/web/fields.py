"""Base classes of serializers and fields that accept only exact input."""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from healthcode.core.instants import read_instant
from healthcode.web import texts
from healthcode.web.errors import InvalidInput, Refusal

MARKS: Final = gettext_lazy(
    "This text contains characters that are invisible or change the writing direction. "
    "Please type it again."
)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuse unknown members, because a misspelt member would otherwise be ignored silently."""

    def to_internal_value(self, data: Any) -> Any:
        """Check for unknown members, then validate as usual.

        Raises:
            ValidationError: naming every unknown member.
        """
        if isinstance(data, dict):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError(
                    {name: [_("This member is not known here.")] for name in sorted(unknown)}
                )
        return super().to_internal_value(data)


def one_line(text: str, pointer: str) -> str:
    """Clean a name or another text of one line (see `texts.line`).

    Raises:
        InvalidInput: pointing at `pointer`, for characters that a name cannot have.
    """
    try:
        return texts.line(text)
    except texts.NotVisible:
        raise InvalidInput(MARKS, errors=[{"pointer": pointer, "detail": MARKS}]) from None


class LineField(serializers.CharField):
    """A text of one line, such as a name, cleaned by `texts.line`."""

    default_error_messages = {"marks": MARKS}

    def to_internal_value(self, data: Any) -> str:
        """Clean the text. Raises ValidationError for characters that a name cannot have."""
        try:
            return texts.line(super().to_internal_value(data))
        except texts.NotVisible:
            self.fail("marks")


class InstantField(serializers.DateTimeField):
    """An RFC 3339 instant with its offset, because a time without a zone is not an instant."""

    default_error_messages = {
        "instant": gettext_lazy(
            "Give a time that exists, with its UTC offset, such as 2020-02-24T08:30:00+08:00."
        ),
    }

    def to_internal_value(self, value: Any) -> datetime:
        """Read the instant.

        Raises:
            ValidationError: it is not RFC 3339, lacks the offset, or does not exist.
        """
        try:
            return read_instant(value if isinstance(value, str) else "")
        except ValueError:
            self.fail("instant")


class ProblemField(serializers.DictField):
    """One of these refusals as a problem document, in an answer about several things."""

    def __init__(self, *refusals: type[Refusal], **options: Any) -> None:
        super().__init__(**options)
        self.refusals = refusals

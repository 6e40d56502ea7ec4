"""Codes as the HTTP interface shows them."""

from typing import Any

from rest_framework import serializers

from healthcode.codes.services import IssuedCode
from healthcode.core import Kind


class IssuedCodeSerializer(serializers.Serializer[Any]):
    """A signed code. `code` goes into a QR picture as it is, in alphanumeric mode, level M."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=["live", "paper"])
    colour = serializers.ChoiceField(choices=["green", "yellow", "red"])
    holder = serializers.CharField(help_text="The masked name, as the door sees it.")
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    refresh_after = serializers.DateTimeField(help_text="When to ask for the next live code.")
    reasons = serializers.ListField(child=serializers.CharField())


class CodeQuery(serializers.Serializer[Any]):
    """Which code is wanted."""

    kind = serializers.ChoiceField(choices=["live", "paper"], default="live")

    def validated_kind(self) -> Kind:
        """The kind that was asked for. Raises ValidationError."""
        self.is_valid(raise_exception=True)
        return Kind[self.validated_data["kind"].upper()]


def document(issued: IssuedCode) -> dict[str, Any]:
    """The members of the answer that carries a code."""
    return dict(
        IssuedCodeSerializer(
            {
                "code": issued.code,
                "kind": issued.kind.name.lower(),
                "colour": issued.colour.name.lower(),
                "holder": issued.holder,
                "issued_at": issued.issued_at,
                "expires_at": issued.expires_at,
                "refresh_after": issued.refresh_after,
                "reasons": [],
            }
        ).data
    )

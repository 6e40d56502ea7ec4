"""Describe codes for the HTTP interface."""

import base64
from datetime import datetime, tzinfo
from typing import Any

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from healthcode.codes.services import IssuedCode
from healthcode.codes.words import colour_name
from healthcode.colours.answers import COLOURS, ReasonAnswer, reason_answers
from healthcode.core import Kind, MalformedCode
from healthcode.core.claims import phone_public_key
from healthcode.web.fields import StrictSerializer

KINDS = [kind.name.lower() for kind in Kind]


class IssuedCodeSerializer(serializers.Serializer[Any]):
    """A signed code. Put `code` unchanged into a QR picture in alphanumeric mode, level M."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    colour = serializers.ChoiceField(choices=COLOURS)
    holder = serializers.CharField(help_text="The masked name, as the door sees it.")
    issued_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    refresh_after = serializers.DateTimeField(help_text="When to ask for the next live code.")
    until = serializers.DateTimeField(
        allow_null=True, help_text="When the colour will end, as far as is known; null for green."
    )
    reasons = ReasonAnswer(many=True)


class CodeQuery(serializers.Serializer[Any]):
    """The query: the kind of code that the caller wants."""

    kind = serializers.ChoiceField(choices=KINDS, default="live")

    def validated_kind(self) -> Kind:
        """Return the kind. Raises ValidationError."""
        self.is_valid(raise_exception=True)
        return Kind[self.validated_data["kind"].upper()]


class PhoneKeyInput(StrictSerializer):
    """A phone's public key: a JWK (RFC 7517) on P-256. The phone keeps the private half."""

    kty = serializers.ChoiceField(["EC"])
    crv = serializers.ChoiceField(["P-256"])
    x = serializers.CharField()
    y = serializers.CharField()

    def validated_point(self) -> bytes:
        """Return x || y. Raises ValidationError."""
        self.is_valid(raise_exception=True)
        try:
            point = b"".join(_coordinate(self.validated_data[name]) for name in ("x", "y"))
            phone_public_key(point)
        except (ValueError, MalformedCode) as error:
            raise serializers.ValidationError(
                {"x": [_("This is not a P-256 public key.")]}
            ) from error
        return point


def _coordinate(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=", validate=True)


def document(issued: IssuedCode) -> dict[str, object]:
    """Return the members of the answer with a code, as `IssuedCodeSerializer` describes them.

    This is written by hand because creating the serializer's fields for each code takes longer than
    signing the code.
    """
    zone = get_current_timezone()
    return {
        "code": issued.code,
        "kind": issued.kind.name.lower(),
        "colour": colour_name(issued.colour),
        "holder": issued.holder,
        "issued_at": _rfc3339(issued.issued_at, zone),
        "expires_at": _rfc3339(issued.expires_at, zone),
        "refresh_after": _rfc3339(issued.refresh_after, zone),
        "until": issued.until and _rfc3339(issued.until, zone),
        "reasons": [dict(ReasonAnswer(reason).data) for reason in reason_answers(issued.reasons)],
    }


def _rfc3339(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat()

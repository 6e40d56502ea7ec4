"""What the partners' interface takes and gives, as the API's description tells it."""

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from healthcode.core import Verdict
from healthcode.web.fields import StrictSerializer
from verifier.messages import sentence
from verifier.serializers import OUTCOMES, REASONS, CodeField, VerdictOutput


class TokenInput(serializers.Serializer[Any]):
    """A token request, as a form (RFC 6749, 4.4.2; RFC 7523, 2.2)."""

    grant_type = serializers.ChoiceField(["client_credentials"])
    client_assertion_type = serializers.ChoiceField(
        ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    )
    client_assertion = serializers.CharField()
    scope = serializers.CharField(required=False)


class TokenOutput(serializers.Serializer[Any]):
    """A token, told this once (RFC 6749, 5.1)."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class SpecimenOutput(serializers.Serializer[Any]):
    """A code to test with, and the verdict that a right verifier gives."""

    name = serializers.CharField()
    code = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)
    reason = serializers.ChoiceField(REASONS)


class SandboxOutput(serializers.Serializer[Any]):
    """Specimens; the sandbox's public keys and its status list (Base64), as an issuer has them."""

    issuer = serializers.CharField()
    keys = serializers.DictField()
    status_list = serializers.CharField()
    specimens = SpecimenOutput(many=True)


class VerificationInput(StrictSerializer):
    """A code to be judged."""

    code = CodeField()


class VerificationOutput(VerdictOutput):
    """A verdict with its issuer, its expiry and how old the knowledge is that it rests on."""

    issuer = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    trust_age_seconds = serializers.IntegerField()
    status_age_seconds = serializers.IntegerField(allow_null=True)


def verification(verdict: Verdict, text: str) -> dict[str, object]:
    """A verdict on `text` as JSON, for a partner."""
    code = verdict.code
    return {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value,
        "colour": None if code is None else code.colour.label,
        "holder": None if code is None else code.holder,
        "issuer": None if code is None else code.issuer,
        "issued_at": None if code is None else rfc3339(datetime.fromtimestamp(code.issued_at, UTC)),
        "expires_at": None
        if code is None
        else rfc3339(datetime.fromtimestamp(code.expires_at, UTC)),
        "age_seconds": verdict.age_seconds,
        "trust_age_seconds": verdict.trust_age_seconds,
        "status_age_seconds": verdict.status_age_seconds,
        "message": sentence(verdict.reason, text),
    }


def rfc3339(at: datetime) -> str:
    """An instant as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

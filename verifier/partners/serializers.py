"""The requests and answers of partners, as the OpenAPI document describes them."""

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
    """A token, which is sent only once (RFC 6749, 5.1)."""

    access_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField()
    scope = serializers.CharField()


class SpecimenOutput(serializers.Serializer[Any]):
    """A code to test with, and the verdict that a correct verifier gives."""

    name = serializers.CharField()
    code = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)
    reason = serializers.ChoiceField(REASONS)


class SandboxOutput(serializers.Serializer[Any]):
    """Specimens, and the sandbox's public keys and status list (Base64) in an issuer's formats."""

    issuer = serializers.CharField()
    keys = serializers.DictField()
    status_list = serializers.CharField()
    specimens = SpecimenOutput(many=True)


class VerificationInput(StrictSerializer):
    """A code to judge."""

    code = CodeField()


class VerificationOutput(VerdictOutput):
    """A verdict with the code's issuer and expiry, and the age of the trust and status data."""

    issuer = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    trust_age_seconds = serializers.IntegerField()
    status_age_seconds = serializers.IntegerField(allow_null=True)


def verification(verdict: Verdict, text: str) -> dict[str, object]:
    """Return a verdict on `text` as JSON, for a partner."""
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
    """Format an instant as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

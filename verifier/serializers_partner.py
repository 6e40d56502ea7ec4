"""What the partners' interface takes and gives, as the API's description tells it."""

from typing import Any

from rest_framework import serializers

from verifier.serializers import OUTCOMES, REASONS


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

"""What the verifier's interface takes and gives."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from healthcode.core import Colour, Outcome, Reason, Verdict
from healthcode.web.fields import InstantField, StrictSerializer
from verifier.messages import sentence
from verifier.reading import MOST_IN_A_BATCH
from verifier.scanning import Answer

OUTCOMES = [outcome.value for outcome in Outcome]
REASONS = [reason.value for reason in Reason]
COLOURS = [colour.name.lower() for colour in Colour]


@extend_schema_field(OpenApiTypes.STR)
class CodeField(serializers.Field[str, Any, str, Any]):
    """The text a scanner read, untouched.

    Any text is taken, also one with NUL in it: a QR picture can hold anything, staff are owed a
    verdict on it, and it is never stored.
    """

    default_error_messages = {"invalid": _("The code is a text."), "blank": _("The code is empty.")}

    def to_internal_value(self, data: object) -> str:
        """The text. Raises ValidationError for what is no text, or an empty one."""
        if not isinstance(data, str):
            self.fail("invalid")
        if not data:
            self.fail("blank")
        return data

    def to_representation(self, value: str) -> str:
        """The same text."""
        return value


class IdField(serializers.UUIDField):
    """A UUID as text; other forms, which UUIDField would take, are mistakes here."""

    def to_internal_value(self, data: object) -> UUID:
        """The UUID. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class EnrolInput(StrictSerializer):
    """A one-time code that the venue's manager made."""

    enrolment_code = serializers.CharField(max_length=64)


class EnrolOutput(serializers.Serializer[Any]):
    """The device's token, told this once."""

    token = serializers.CharField()
    device = serializers.IntegerField()
    venue = serializers.IntegerField()
    venue_name = serializers.CharField()


class ScanInput(StrictSerializer):
    """One scan; `id` is made by the device, anew for each scan."""

    id = IdField()
    code = CodeField()
    scanned_at = InstantField(required=False, allow_null=True, default=None)


class VerdictOutput(serializers.Serializer[Any]):
    """What a verdict tells; `message` says to a person what to do."""

    outcome = serializers.ChoiceField(OUTCOMES)
    reason = serializers.ChoiceField(REASONS)
    colour = serializers.ChoiceField(COLOURS, allow_null=True)
    holder = serializers.CharField(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class ScanOutput(VerdictOutput):
    """The answer to a scan: the same however often it is sent."""

    id = serializers.UUIDField()


class OfflineScanInput(StrictSerializer):
    """A scan that happened without network, with the verdict that the door gave then."""

    id = IdField()
    code = CodeField()
    scanned_at = InstantField()
    given_outcome = serializers.ChoiceField(OUTCOMES, required=False)
    given_reason = serializers.ChoiceField(REASONS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A verdict has both parts. Raises ValidationError."""
        if ("given_outcome" in attrs) is not ("given_reason" in attrs):
            raise serializers.ValidationError(
                _("Give both given_outcome and given_reason, or neither.")
            )
        return attrs


class BatchInput(StrictSerializer):
    """Offline scans; each is checked by itself, so that one bad one holds up no other."""

    scans = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, max_length=MOST_IN_A_BATCH
    )


class BatchResult(serializers.Serializer[Any]):
    """The answer to one scan of a batch: the scan's answer, or why it was not taken."""

    id = serializers.CharField(allow_null=True)
    answer = ScanOutput(allow_null=True)
    problem = serializers.DictField(allow_null=True)


class BatchOutput(serializers.Serializer[Any]):
    """How many scans of a batch were taken, and each one's result, in order."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BatchResult(many=True)


class BundleOutput(serializers.Serializer[Any]):
    """What a door takes along: a JWS (docs/reference/offline-doors.md) and the keys it is by."""

    bundle = serializers.CharField()
    keys = serializers.DictField()


class VerificationInput(StrictSerializer):
    """A code to be judged."""

    code = CodeField()


class VerificationOutput(VerdictOutput):
    """A verdict with its issuer, its expiry and how old the knowledge is that it rests on."""

    issuer = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    trust_age_seconds = serializers.IntegerField()
    status_age_seconds = serializers.IntegerField(allow_null=True)


def scan_answer(
    answer: Answer, code: str, known: Mapping[Reason, str] | None = None
) -> dict[str, object]:
    """An answer to a scan of `code`, for JSON; its sentence out of `known`, if given."""
    return {
        "id": answer.id,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "colour": None if answer.colour is None else COLOURS[answer.colour],
        "holder": answer.holder,
        "issued_at": answer.issued_at,
        "age_seconds": answer.age_seconds,
        "message": sentence(answer.reason, code, known),
    }


def verification(verdict: Verdict, text: str) -> dict[str, object]:
    """A verdict on `text` as JSON, for a partner."""
    code = verdict.code
    return {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value,
        "colour": None if code is None else code.colour.name.lower(),
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

"""The requests and answers of doors, as the OpenAPI document describes them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from healthcode.core import Reason
from healthcode.web.errors import InvalidInput
from healthcode.web.fields import InstantField, ProblemField, StrictSerializer
from verifier.doors.reading import MOST_IN_A_BATCH
from verifier.doors.scanning import Answer, Given, NewScan
from verifier.errors import ScanIdReused
from verifier.messages import sentence
from verifier.serializers import COLOURS, OUTCOMES, REASONS, CodeField, VerdictOutput


class IdField(serializers.UUIDField):
    """A UUID as text. Other forms, such as numbers, which UUIDField accepts, are refused."""

    def to_internal_value(self, data: object) -> UUID:
        """Return the UUID. Raises ValidationError."""
        if not isinstance(data, str) or not data.isascii():
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class EnrolInput(StrictSerializer):
    """A one-time code that the venue's manager made."""

    enrolment_code = serializers.CharField(max_length=64)


class EnrolOutput(serializers.Serializer[Any]):
    """The device's token, which is sent only once, and its venue."""

    token = serializers.CharField()
    device = serializers.IntegerField()
    venue = serializers.IntegerField()
    venue_name = serializers.CharField()


class ScanInput(StrictSerializer):
    """One scan. The device makes a new `id` (UUID) for each scan."""

    id = IdField()
    code = CodeField()
    scanned_at = InstantField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> NewScan:
        """Return the scan."""
        return NewScan(**attrs)


class ScanOutput(VerdictOutput):
    """The answer to a scan. A repeated scan gets the same answer."""

    id = serializers.UUIDField()


class OfflineScanInput(StrictSerializer):
    """A scan that was made without network, with the verdict that the door gave then."""

    id = IdField()
    code = CodeField()
    scanned_at = InstantField()
    given_outcome = serializers.ChoiceField(OUTCOMES, required=False)
    given_reason = serializers.ChoiceField(REASONS, required=False)

    def validate(self, attrs: dict[str, Any]) -> NewScan:
        """Return the scan. Raises ValidationError for half a verdict."""
        try:
            given = Given.of(attrs.pop("given_outcome", None), attrs.pop("given_reason", None))
        except ValueError as error:
            raise serializers.ValidationError(
                _("Give both given_outcome and given_reason, or neither.")
            ) from error
        return NewScan(**attrs, given=given)


class BatchInput(StrictSerializer):
    """Scans made without network. Each is checked separately: a bad one does not stop others."""

    scans = serializers.ListField(
        child=serializers.DictField(), allow_empty=False, max_length=MOST_IN_A_BATCH
    )


class BatchResult(serializers.Serializer[Any]):
    """The result of one scan of a batch: its answer, or why it was not accepted."""

    id = serializers.CharField(allow_null=True)
    answer = ScanOutput(allow_null=True)
    problem = ProblemField(InvalidInput, ScanIdReused, allow_null=True)


class BatchOutput(serializers.Serializer[Any]):
    """How many scans of a batch were accepted, and the result of each, in order."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    results = BatchResult(many=True)


class BundleOutput(serializers.Serializer[Any]):
    """The signed data of a door (docs/reference/offline-doors.md) and the keys that verify it."""

    bundle = serializers.CharField()
    keys = serializers.DictField()


def scan_answer(
    answer: Answer, code: str, known: Mapping[Reason, str] | None = None
) -> dict[str, object]:
    """Return the answer to a scan of `code` for JSON. `known` holds translated sentences."""
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

"""The HTTP interface for corrections of registrations."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.corrections import Corrected, Correction
from accounts.errors import (
    EndedArea,
    UnknownArea,
)
from accounts.holder_errors import (
    NothingToCorrect,
    NumberReported,
    TwoRegistrations,
)
from accounts.idempotency import answered_once
from accounts.identity import UNKNOWN_TYPE
from accounts.models import IdType
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.grounds import GroundedInput
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.fields import YesNo
from healthcode.evidence.lines import HolderSerializer, holder_of
from healthcode.officers.corrections.errors import CorrectedWhenGreen
from healthcode.officers.corrections.services import correct_registration
from healthcode.officers.proofs.api import NOT_SEEN
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refuses


class RightDocument(serializers.Serializer[Any]):
    """The type and the number of the document that the officer sees."""

    id_type = serializers.ChoiceField(
        choices=IdType.values, error_messages={"invalid_choice": UNKNOWN_TYPE}
    )
    id_number = serializers.CharField(max_length=64)


class LookInput(GroundedInput, HolderSerializer):
    """Whose registration an officer looks at, and why."""


class CorrectionInput(GroundedInput, HolderSerializer):
    """Who is registered wrongly, and what is right; members that are left out stay as they are."""

    name = serializers.CharField(max_length=200, required=False)
    document = RightDocument(required=False)
    home_area = serializers.CharField(max_length=64, required=False)
    document_seen = YesNo()

    def validate_document_seen(self, value: bool) -> bool:
        """Refuse an officer who has not seen the document."""
        if not value:
            raise serializers.ValidationError(NOT_SEEN)
        return value

    def right(self) -> Correction:
        """Return what is right, from the validated data."""
        values = self.validated_data
        document = values.get("document", {})
        return Correction(
            name=values.get("name", ""),
            id_type=document.get("id_type", ""),
            id_number=document.get("id_number", ""),
            home_area=values.get("home_area", ""),
        )


class CorrectedAnswer(serializers.Serializer[Any]):
    """What has changed, and the number of the act."""

    corrected = serializers.ListField(child=serializers.ChoiceField(choices=Corrected.values))
    act = serializers.IntegerField()


class CorrectionsView(APIView):
    """Corrections of registrations."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(
        NotFound,
        UnknownArea,
        EndedArea,
        TwoRegistrations,
        NumberReported,
        NothingToCorrect,
        CorrectedWhenGreen,
        NoPolicy,
    )
    @extend_schema(
        operation_id="correct_registration",
        request=CorrectionInput,
        responses={201: CorrectedAnswer},
    )
    def post(self, request: Request) -> Response:
        """Store what the document says, as an officer's act that the person sees."""
        given = CorrectionInput(data=request.data)
        given.is_valid(raise_exception=True)
        corrected, act = correct_registration(
            account=account_of(request),
            holder=holder_of(given.validated_data),
            right=given.right(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        answer = {"corrected": corrected, "act": act.pk}
        return Response(answer, status=status.HTTP_201_CREATED)

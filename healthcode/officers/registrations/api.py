"""The HTTP interface for merging and separating registrations."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.identity import UNKNOWN_TYPE
from accounts.models import IdType
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import GroundedInput
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import WaitingAnswer, waiting_answer
from healthcode.colours.answers import COLOURS
from healthcode.evidence.fields import YesNo
from healthcode.evidence.lines import DocumentNumber
from healthcode.officers.held_lines.serializers import ByColourAnswer
from healthcode.officers.registrations import services
from healthcode.officers.registrations.errors import AlreadyMerged, NotMerged
from healthcode.officers.registrations.plans import RegistrationsChanged
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refuses

NOT_BOTH_SEEN = _("Look at both documents first, and compare names and pictures with the person.")


def _id_type() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=IdType.values, error_messages={"invalid_choice": UNKNOWN_TYPE}
    )


class SeparationInput(GroundedInput):
    """A document whose registration is not of the same person as those it is merged with.

    With `preview`, nothing is done, and the answer says what would be.
    """

    id_type = _id_type()
    id_number = serializers.CharField(max_length=64)
    preview = YesNo(default=False)

    @property
    def document(self) -> DocumentNumber:
        """Return type and number, from the validated data."""
        return self.validated_data["id_type"], self.validated_data["id_number"]


class MergingInput(SeparationInput):
    """Two documents of one person, who has shown both."""

    other_id_type = _id_type()
    other_id_number = serializers.CharField(max_length=64)
    documents_seen = YesNo()

    @property
    def other(self) -> DocumentNumber:
        """Return type and number of the other document, from the validated data."""
        return self.validated_data["other_id_type"], self.validated_data["other_id_number"]

    def validate_documents_seen(self, value: bool) -> bool:
        """Refuse an officer who has not seen both documents."""
        if not value:
            raise serializers.ValidationError(NOT_BOTH_SEEN)
        return value


class RegistrationsPreview(serializers.Serializer[Any]):
    """How many registrations have each colour before and after it, and how many a stricter one."""

    before = ByColourAnswer()
    after = ByColourAnswer()
    worse = serializers.IntegerField()


class RegistrationsAnswer(serializers.Serializer[Any]):
    """The act, and the numbers of all people concerned."""

    act = serializers.IntegerField()
    registrations = serializers.ListField(child=serializers.IntegerField())


def registrations_answer(changed: RegistrationsChanged) -> dict[str, Any]:
    """Return the members of `RegistrationsAnswer`."""
    return {"act": changed.act.pk, "registrations": changed.people}


class MergedRegistrationsView(APIView):
    """Two registrations that are of one person."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(NotFound, OutsideYourArea, AlreadyMerged)
    @extend_schema(
        request=MergingInput,
        responses={200: RegistrationsPreview, 201: RegistrationsAnswer, 202: WaitingAnswer},
    )
    def post(self, request: Request) -> Response:
        """Let two documents count as one person's, as an act: both codes have one colour."""
        given = MergingInput(data=request.data)
        given.is_valid(raise_exception=True)
        account, ground, at = account_of(request), given.validated_data["ground"], timezone.now()
        if given.validated_data["preview"]:
            effect = services.preview_merging(
                account=account, document=given.document, other=given.other, ground=ground, at=at
            )
            return Response(_previewed(effect))
        merged = services.merge_documents(
            account=account, document=given.document, other=given.other, ground=ground, at=at
        )
        return _done(merged)


class SeparatedRegistrationsView(APIView):
    """A registration that was merged with others by mistake."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(NotFound, OutsideYourArea, NotMerged)
    @extend_schema(
        request=SeparationInput,
        responses={200: RegistrationsPreview, 201: RegistrationsAnswer, 202: WaitingAnswer},
    )
    def post(self, request: Request) -> Response:
        """Take a document out of those that count as one person's, as an act."""
        given = SeparationInput(data=request.data)
        given.is_valid(raise_exception=True)
        account, ground, at = account_of(request), given.validated_data["ground"], timezone.now()
        if given.validated_data["preview"]:
            effect = services.preview_separation(
                account=account, document=given.document, ground=ground, at=at
            )
            return Response(_previewed(effect))
        separated = services.separate_document(
            account=account, document=given.document, ground=ground, at=at
        )
        return _done(separated)


def _previewed(effect: Effect) -> dict[str, Any]:
    return {
        "before": dict(zip(COLOURS, effect.before, strict=True)),
        "after": dict(zip(COLOURS, effect.after, strict=True)),
        "worse": effect.worse,
    }


def _done(done: RegistrationsChanged | Proposal) -> Response:
    if isinstance(done, Proposal):
        return waiting_answer(done)
    return Response(registrations_answer(done), status=status.HTTP_201_CREATED)

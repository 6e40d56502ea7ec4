"""Tracing over the HTTP interface: officers open, read and confirm inquiries; sources report."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.permissions import IsOfficer, account_of
from healthcode.colours.errors import NoPolicy
from healthcode.officers.inquiries.serializers import (
    ConfirmationAnswer,
    ConfirmationInput,
    InquiryAnswer,
    MeetingActAnswer,
    MeetingInput,
    OpeningInput,
    RetractionInput,
    inquiry_answer,
)
from healthcode.tracing import services
from healthcode.tracing.errors import AlreadyConfirmed, ChainChanged, NotACase, NotPlacedYet
from healthcode.tracing.meetings import declare_meeting, retract_meeting
from healthcode.tracing.selectors import inquiry_for
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refuses

NOT_STORED = {"Cache-Control": "no-store"}


class InquiriesView(APIView):
    """Tracing from a case."""

    permission_classes = [IsOfficer]

    @refuses(NotFound, OutsideYourArea, NotACase, NoPolicy)
    @extend_schema(request=OpeningInput, responses={201: InquiryAnswer})
    def post(self, request: Request) -> Response:
        """Open an inquiry; its scans are resolved in the background, and the rest is there."""
        given = OpeningInput(data=request.data)
        given.is_valid(raise_exception=True)
        told, at = given.validated_data, timezone.now()
        inquiry = services.open_inquiry(
            account=account_of(request),
            evidence_id=told["case"],
            infectious_from=told["infectious_from"],
            infectious_until=told["infectious_until"],
            ground=told["ground"],
            at=at,
        )
        answer = inquiry_answer(inquiry, services.preview(inquiry, at=at))
        return Response(answer, status=201, headers=NOT_STORED)


class InquiryView(APIView):
    """One inquiry."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, NoPolicy)
    @extend_schema(responses=InquiryAnswer)
    def get(self, request: Request, inquiry_id: int) -> Response:
        """The chain as known now, and the numbers by colour; nothing is recorded."""
        inquiry = inquiry_for(account_of(request), inquiry_id)
        answer = inquiry_answer(inquiry, services.preview(inquiry, at=timezone.now()))
        return Response(answer, headers=NOT_STORED)


class ConfirmationView(APIView):
    """Making evidence of what was found."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, NotACase, NotPlacedYet, AlreadyConfirmed, ChainChanged, NoPolicy)
    @extend_schema(request=ConfirmationInput, responses=ConfirmationAnswer)
    def post(self, request: Request, inquiry_id: int) -> Response:
        """Record exactly the chain with this fingerprint, and recolour its people."""
        given = ConfirmationInput(data=request.data)
        given.is_valid(raise_exception=True)
        recomputation = services.confirm(
            account=account_of(request),
            inquiry_id=inquiry_id,
            ground=given.validated_data["ground"],
            fingerprint=given.validated_data["fingerprint"],
            at=timezone.now(),
        )
        return Response({"act": recomputation.act_id, "recomputation": recomputation.pk})


class MeetingsView(APIView):
    """Whom the case says it met."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, AlreadyConfirmed)
    @extend_schema(request=MeetingInput, responses={201: MeetingActAnswer})
    def post(self, request: Request, inquiry_id: int) -> Response:
        """Add a meeting to the chain, as an act; scans are searched once more."""
        at = timezone.now()
        given = MeetingInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        meeting = declare_meeting(
            account=account_of(request), inquiry_id=inquiry_id, at=at, **given.validated_data
        )
        return Response({"id": meeting.pk, "act": meeting.declared_by_id}, status=201)


class RetractionView(APIView):
    """A meeting that was entered wrongly."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, AlreadyConfirmed)
    @extend_schema(request=RetractionInput, responses=MeetingActAnswer)
    def post(self, request: Request, inquiry_id: int, meeting_id: int) -> Response:
        """Take it back, as an act; only before the contacts are confirmed."""
        given = RetractionInput(data=request.data)
        given.is_valid(raise_exception=True)
        meeting = retract_meeting(
            account=account_of(request),
            inquiry_id=inquiry_id,
            meeting_id=meeting_id,
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        return Response({"id": meeting.pk, "act": meeting.retracted_by_id})

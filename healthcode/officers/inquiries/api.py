"""The HTTP interface for inquiries: officers open, read and confirm them."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import WaitingAnswer, waiting_answer
from healthcode.colours.errors import NoPolicy
from healthcode.officers.inquiries.serializers import (
    ConfirmationAnswer,
    ConfirmationInput,
    InquiryAnswer,
    MeetingActAnswer,
    MeetingInput,
    OpeningInput,
    RetractionInput,
    confirmation_answer,
    inquiry_answer,
)
from healthcode.tracing import services
from healthcode.tracing.errors import AlreadyConfirmed, ChainChanged, NotACase, NotPlacedYet
from healthcode.tracing.meetings import declare_meeting, retract_meeting
from healthcode.tracing.selectors import inquiry_for
from healthcode.web.errors import NotFound, TooMany
from healthcode.web.refusals import refuses

NOT_STORED = {"Cache-Control": "no-store"}


class InquiriesView(APIView):
    """Inquiries: searches for the contacts of a case."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(NotFound, OutsideYourArea, NotACase, NoPolicy, TooMany)
    @extend_schema(request=OpeningInput, responses={201: InquiryAnswer})
    def post(self, request: Request) -> Response:
        """Open an inquiry on a case.

        The answer has all contacts except those that scans show. A worker searches the scans next;
        `is_placed` tells when it has finished.
        """
        given = OpeningInput(data=request.data)
        given.is_valid(raise_exception=True)
        values, at = given.validated_data, timezone.now()
        inquiry = services.open_inquiry(
            account=account_of(request),
            evidence_id=values["case"],
            infectious_from=values["infectious_from"],
            infectious_until=values["infectious_until"],
            ground=values["ground"],
            at=at,
        )
        shown = services.show(account=account_of(request), inquiry=inquiry, at=at)
        answer = inquiry_answer(inquiry, shown)
        return Response(answer, status=201, headers=NOT_STORED)


class InquiryView(APIView):
    """One inquiry with its chain of contacts."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, NoPolicy, TooMany)
    @extend_schema(responses=InquiryAnswer)
    def get(self, request: Request, inquiry_id: int) -> Response:
        """Return the chain of contacts as known now, and what confirming it would change."""
        account = account_of(request)
        inquiry = inquiry_for(account, inquiry_id)
        shown = services.show(account=account, inquiry=inquiry, at=timezone.now())
        answer = inquiry_answer(inquiry, shown)
        return Response(answer, headers=NOT_STORED)


class ConfirmationView(APIView):
    """The confirmation of an inquiry, which records its contacts as evidence."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, NotACase, NotPlacedYet, AlreadyConfirmed, ChainChanged, NoPolicy)
    @extend_schema(
        request=ConfirmationInput, responses={200: ConfirmationAnswer, 202: WaitingAnswer}
    )
    def post(self, request: Request, inquiry_id: int) -> Response:
        """Record exactly the chain with this fingerprint as evidence, and recolour its people."""
        given = ConfirmationInput(data=request.data)
        given.is_valid(raise_exception=True)
        confirmed = services.confirm(
            account=account_of(request),
            inquiry_id=inquiry_id,
            ground=given.validated_data["ground"],
            fingerprint=given.validated_data["fingerprint"],
            at=timezone.now(),
        )
        if isinstance(confirmed, Proposal):
            return waiting_answer(confirmed)
        return Response(confirmation_answer(confirmed))


class MeetingsView(APIView):
    """Meetings that the case of an inquiry told an officer about."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, AlreadyConfirmed)
    @extend_schema(request=MeetingInput, responses={201: MeetingActAnswer})
    def post(self, request: Request, inquiry_id: int) -> Response:
        """Add a meeting to an inquiry, as an act; a worker then searches the scans again."""
        at = timezone.now()
        given = MeetingInput(data=request.data, context={"at": at})
        given.is_valid(raise_exception=True)
        meeting = declare_meeting(
            account=account_of(request), inquiry_id=inquiry_id, at=at, **given.validated_data
        )
        return Response({"id": meeting.pk, "act": meeting.declared_by_id}, status=201)


class RetractionView(APIView):
    """Taking back a meeting that was entered by mistake."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, AlreadyConfirmed)
    @extend_schema(request=RetractionInput, responses=MeetingActAnswer)
    def post(self, request: Request, inquiry_id: int, meeting_id: int) -> Response:
        """Take back a meeting, as an act. Possible only before the contacts are confirmed."""
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

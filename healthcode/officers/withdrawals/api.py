"""The HTTP interface for withdrawals of evidence."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import WaitingAnswer, waiting_answer
from healthcode.evidence.errors import AlreadyWithdrawn, NothingCounts
from healthcode.evidence.together import Recorder
from healthcode.officers.withdrawals.serializers import (
    TogetherAnswer,
    TogetherPreview,
    WithdrawalAnswer,
    WithdrawalInput,
    together_answer,
    together_preview,
    withdrawal_answer,
)
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.officers.withdrawals.together import preview_withdrawal, withdraw_recorded
from healthcode.web.refusals import refuses


class WithdrawalView(APIView):
    """The withdrawal of evidence that was wrong."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, AlreadyWithdrawn)
    @extend_schema(request=WithdrawalInput, responses={201: WithdrawalAnswer, 202: WaitingAnswer})
    def post(self, request: Request, evidence_id: int) -> Response:
        """Withdraw evidence, as an act: it no longer counts, and the colours follow."""
        given = WithdrawalInput(data=request.data)
        given.is_valid(raise_exception=True)
        withdrawn = withdraw_evidence(
            account=account_of(request),
            evidence_id=evidence_id,
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        if isinstance(withdrawn, Proposal):
            return waiting_answer(withdrawn)
        answer = withdrawal_answer(evidence_id, withdrawn)
        return Response(answer, status=status.HTTP_201_CREATED)


class ReportWithdrawalView(APIView):
    """The withdrawal of all evidence that a source's report recorded."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, NothingCounts)
    @extend_schema(responses=TogetherPreview)
    def get(self, request: Request, batch_id: int) -> Response:
        """Count the evidence of a report that still counts, and what withdrawing it would do."""
        return _preview(request, Recorder.REPORT, batch_id)

    @answered_once
    @refuses(OutsideYourArea, NothingCounts)
    @extend_schema(request=WithdrawalInput, responses={201: TogetherAnswer, 202: WaitingAnswer})
    def post(self, request: Request, batch_id: int) -> Response:
        """Withdraw all evidence of a report for which you answer, as one act."""
        return _withdraw(request, Recorder.REPORT, batch_id)


class ActWithdrawalView(APIView):
    """The withdrawal of all evidence that an officer's act recorded."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea, NothingCounts)
    @extend_schema(responses=TogetherPreview)
    def get(self, request: Request, act_id: int) -> Response:
        """Count the evidence of an act that still counts, and what withdrawing it would do."""
        return _preview(request, Recorder.ACT, act_id)

    @answered_once
    @refuses(OutsideYourArea, NothingCounts)
    @extend_schema(request=WithdrawalInput, responses={201: TogetherAnswer, 202: WaitingAnswer})
    def post(self, request: Request, act_id: int) -> Response:
        """Withdraw all evidence of an act for which you answer, as one act."""
        return _withdraw(request, Recorder.ACT, act_id)


def _preview(request: Request, recorder: Recorder, number: int) -> Response:
    preview = preview_withdrawal(
        account=account_of(request), recorder=recorder, number=number, at=timezone.now()
    )
    return Response(together_preview(preview))


def _withdraw(request: Request, recorder: Recorder, number: int) -> Response:
    given = WithdrawalInput(data=request.data)
    given.is_valid(raise_exception=True)
    withdrawn = withdraw_recorded(
        account=account_of(request),
        recorder=recorder,
        number=number,
        ground=given.validated_data["ground"],
        at=timezone.now(),
    )
    if isinstance(withdrawn, Proposal):
        return waiting_answer(withdrawn)
    return Response(together_answer(withdrawn), status=status.HTTP_201_CREATED)

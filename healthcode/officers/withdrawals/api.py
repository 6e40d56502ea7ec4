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
from healthcode.evidence.errors import AlreadyWithdrawn
from healthcode.officers.withdrawals.serializers import (
    WithdrawalAnswer,
    WithdrawalInput,
    withdrawal_answer,
)
from healthcode.officers.withdrawals.services import withdraw_evidence
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

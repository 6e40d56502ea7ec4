"""The HTTP interface for the held lines of sources."""

from typing import Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import OutsideYourArea
from accounts.idempotency import answered_once
from accounts.permissions import IsOfficer, account_of
from healthcode.evidence.errors import LinesChanged
from healthcode.officers.held_lines.selectors import waiting_batches, waiting_lines
from healthcode.officers.held_lines.serializers import (
    DecisionInput,
    HeldBatchesAnswer,
    HeldConfirmationAnswer,
    HeldLinesAnswer,
    HeldRejectionAnswer,
    batch_answer,
    lines_answer,
)
from healthcode.officers.held_lines.services import confirm_lines, preview_lines, reject_lines
from healthcode.web.refusals import refuses

MOST_SHOWN: Final = 1000


class HeldBatchesView(APIView):
    """The reports with lines that wait for an officer."""

    permission_classes = [IsOfficer]

    @extend_schema(operation_id="held_lines_list", responses=HeldBatchesAnswer)
    def get(self, request: Request) -> Response:
        """Return the reports with lines about people and places for which you answer."""
        waiting = waiting_batches(account_of(request))
        return Response({"batches": [batch_answer(batch) for batch in waiting]})


class HeldLinesView(APIView):
    """The lines of a report that wait."""

    permission_classes = [IsOfficer]

    @refuses(OutsideYourArea)
    @extend_schema(responses=HeldLinesAnswer)
    def get(self, request: Request, batch_id: int) -> Response:
        """Return the first lines that wait, and what confirming all would do to colours."""
        waiting = waiting_lines(account_of(request), batch_id)
        effect = preview_lines(waiting, at=timezone.now())
        return Response(lines_answer(waiting, effect, most=MOST_SHOWN))


class HeldConfirmationView(APIView):
    """The confirmation of held lines."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, LinesChanged)
    @extend_schema(request=DecisionInput, responses={201: HeldConfirmationAnswer})
    def post(self, request: Request, batch_id: int) -> Response:
        """Confirm lines, as an act: they become evidence, and the colours follow."""
        given = DecisionInput(data=request.data)
        given.is_valid(raise_exception=True)
        done = confirm_lines(
            account=account_of(request),
            batch_id=batch_id,
            lines=given.validated_data["lines"],
            fingerprint=given.validated_data["fingerprint"],
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        answer = {
            "act": done.act.pk,
            "lines": done.lines,
            "recorded": done.recorded,
            "recomputation": done.recomputation and done.recomputation.pk,
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class HeldRejectionView(APIView):
    """The rejection of held lines."""

    permission_classes = [IsOfficer]

    @answered_once
    @refuses(OutsideYourArea, LinesChanged)
    @extend_schema(request=DecisionInput, responses={201: HeldRejectionAnswer})
    def post(self, request: Request, batch_id: int) -> Response:
        """Reject lines, as an act: they never have an effect."""
        given = DecisionInput(data=request.data)
        given.is_valid(raise_exception=True)
        act = reject_lines(
            account=account_of(request),
            batch_id=batch_id,
            lines=given.validated_data["lines"],
            fingerprint=given.validated_data["fingerprint"],
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
        return Response({"act": act.pk}, status=status.HTTP_201_CREATED)

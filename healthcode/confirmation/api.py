"""The HTTP interface for proposals: officers and administrators read and decide them."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import EndedArea, OutsideYourArea, PeopleAndMachines, UnknownArea
from accounts.idempotency import answered_once
from accounts.permissions import MayConfirm, account_of
from healthcode.acts.proposals import proposals_for
from healthcode.administration.errors import NoPassword
from healthcode.colours.errors import InvalidPolicy, NoPolicy, PolicyVersionTaken
from healthcode.confirmation.errors import (
    GrantedByProposer,
    OwnProposal,
    PreviewChanged,
    ProposalDecided,
    ProposalExpired,
    ProposerMayNot,
)
from healthcode.confirmation.selectors import proposal_for
from healthcode.confirmation.serializers import (
    ConfirmationOfProposalInput,
    ProposalAnswer,
    ProposalDetailAnswer,
    ProposalsAnswer,
    WithdrawalOfProposalInput,
    detail_answer,
    proposal_answer,
)
from healthcode.confirmation.services import confirm_proposal, withdraw_proposal
from healthcode.evidence.errors import AlreadyWithdrawn, NothingCounts, SignerNotTrusted
from healthcode.tracing.errors import AlreadyConfirmed, ChainChanged, NotACase, NotPlacedYet
from healthcode.web.errors import Forbidden
from healthcode.web.refusals import refuses

NOT_STORED = {"Cache-Control": "no-store"}


class ProposalsView(APIView):
    """Acts that wait for a second person."""

    permission_classes = [MayConfirm]

    @extend_schema(responses=ProposalsAnswer, operation_id="proposals_list")
    def get(self, request: Request) -> Response:
        """Return the proposals of the last 7 days that concern the caller, latest first."""
        at = timezone.now()
        rows = proposals_for(account_of(request), at=at)
        answer = {"proposals": [proposal_answer(row, at=at) for row in rows]}
        return Response(answer, headers=NOT_STORED)


class ProposalView(APIView):
    """One proposal."""

    permission_classes = [MayConfirm]

    @refuses(OutsideYourArea)
    @extend_schema(responses=ProposalDetailAnswer)
    def get(self, request: Request, proposal_id: int) -> Response:
        """Return a proposal with its preview, as the proposer saw it."""
        shown = proposal_for(account_of(request), proposal_id)
        return Response(detail_answer(shown, at=timezone.now()), headers=NOT_STORED)


class ProposalConfirmationView(APIView):
    """The confirmation of a proposal, with which it becomes an act."""

    permission_classes = [MayConfirm]

    @answered_once
    @refuses(
        ProposalDecided,
        ProposalExpired,
        OwnProposal,
        GrantedByProposer,
        ProposerMayNot,
        PreviewChanged,
        Forbidden,
        OutsideYourArea,
        # What the act itself may be refused for by now.
        AlreadyConfirmed,
        AlreadyWithdrawn,
        ChainChanged,
        EndedArea,
        InvalidPolicy,
        NoPassword,
        NoPolicy,
        NotACase,
        NothingCounts,
        NotPlacedYet,
        PeopleAndMachines,
        PolicyVersionTaken,
        SignerNotTrusted,
        UnknownArea,
    )
    @extend_schema(request=ConfirmationOfProposalInput, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, proposal_id: int) -> Response:
        """Do what is proposed, and answer what the act itself would have answered."""
        given = ConfirmationOfProposalInput(data=request.data)
        given.is_valid(raise_exception=True)
        confirmed = confirm_proposal(
            account=account_of(request),
            proposal_id=proposal_id,
            at=timezone.now(),
            **given.validated_data,
        )
        return Response(confirmed.answer)


class ProposalWithdrawalView(APIView):
    """The withdrawal of a proposal, so that nobody can confirm it any more."""

    permission_classes = [MayConfirm]

    @answered_once
    @refuses(ProposalDecided, ProposalExpired, Forbidden, OutsideYourArea, PreviewChanged)
    @extend_schema(request=WithdrawalOfProposalInput, responses=ProposalAnswer)
    def post(self, request: Request, proposal_id: int) -> Response:
        """Withdraw a proposal. Its proposer may do it, and everybody who could confirm it."""
        given = WithdrawalOfProposalInput(data=request.data)
        given.is_valid(raise_exception=True)
        at = timezone.now()
        proposal = withdraw_proposal(
            account=account_of(request), proposal_id=proposal_id, at=at, **given.validated_data
        )
        return Response(proposal_answer(proposal, at=at))

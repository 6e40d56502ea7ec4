"""Input and output of the HTTP interface for proposals."""

from datetime import datetime
from typing import Any, Final

from rest_framework import serializers

from healthcode.acts.grounds import GroundedInput
from healthcode.acts.kinds import CAN_WAIT
from healthcode.acts.models import Proposal, ProposalState
from healthcode.acts.waiting import ForeseenAnswer, preview_answer
from healthcode.confirmation.selectors import EXPIRED, ShownProposal, state_at

KINDS: Final = [kind.value for kind, can_wait in CAN_WAIT.items() if can_wait]
STATES: Final = [*ProposalState.values, EXPIRED]


class ConfirmationOfProposalInput(GroundedInput):
    """The ground, and the fingerprint of the preview that the officer checked."""

    fingerprint = serializers.CharField(max_length=64)


class WithdrawalOfProposalInput(GroundedInput):
    """The ground for withdrawing a proposal."""


class ProposalAnswer(serializers.Serializer[Any]):
    """An act that waits, or waited, for a second person."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    proposed_by = serializers.CharField(help_text="The user name of the proposer.")
    ground_kind = serializers.CharField()
    ground = serializers.CharField()
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    fingerprint = serializers.CharField()
    preview = ForeseenAnswer()
    act = serializers.IntegerField(
        allow_null=True, help_text="The number of the act; null until confirmed."
    )


class ProposalDetailAnswer(ProposalAnswer):
    """A proposal with all that its act would do."""

    plan = serializers.DictField(
        allow_null=True, help_text="What would be done; null if the officer may not do it."
    )


class ProposalsAnswer(serializers.Serializer[Any]):
    """The proposals that concern an officer."""

    proposals = ProposalAnswer(many=True)


def proposal_answer(proposal: Proposal, *, at: datetime) -> dict[str, Any]:
    """Return the members of `ProposalAnswer`."""
    return {
        "id": proposal.pk,
        "kind": proposal.kind,
        "state": state_at(proposal, at),
        "proposed_by": proposal.proposed_by.username,
        "ground_kind": proposal.ground_kind,
        "ground": proposal.ground,
        "made_at": proposal.made_at,
        "expires_at": proposal.expires_at,
        "fingerprint": proposal.fingerprint,
        "preview": preview_answer(proposal.preview),
        "act": proposal.act_id,
    }


def detail_answer(shown: ShownProposal, *, at: datetime) -> dict[str, Any]:
    """Return the members of `ProposalDetailAnswer`."""
    answer = proposal_answer(shown.proposal, at=at)
    return answer | {"plan": shown.proposal.payload if shown.plan else None}

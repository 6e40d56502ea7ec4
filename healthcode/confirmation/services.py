"""Confirm or withdraw a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Grant
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.models import Proposal, ProposalState
from healthcode.acts.plans import ActPlan, Foreseen, Signed, is_as_previewed
from healthcode.acts.second_person import GRANTED_LATELY
from healthcode.acts.services import decide_proposal
from healthcode.confirmation.errors import (
    GrantedByProposer,
    OwnProposal,
    PreviewChanged,
    ProposalDecided,
    ProposalExpired,
    ProposerMayNot,
)
from healthcode.confirmation.performers import performer_of, plan_of
from healthcode.web.errors import Forbidden, NotFound

DECIDED: Final = {
    ProposalState.CONFIRMED: _("Somebody else has already confirmed this proposal."),
    ProposalState.WITHDRAWN: _("This proposal was withdrawn. If it is needed, propose it again."),
}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A proposal that has become an act, and what the act itself would have answered."""

    proposal: Proposal
    answer: Mapping[str, Any]


@transaction.atomic
def confirm_proposal(
    *, account: Account, proposal_id: int, fingerprint: str, ground: Ground, at: datetime
) -> Confirmed:
    """Do what another officer proposed, exactly as its preview shows it.

    The act names the proposer and the confirming account.

    Raises:
        NotFound: there is no such proposal.
        ProposalDecided, ProposalExpired: it no longer waits.
        OwnProposal, GrantedByProposer: this account may not be the second person.
        Forbidden, OutsideYourArea: its authority does not cover the act.
        InvalidInput: the fingerprint belongs to another preview.
        ProposerMayNot: the proposer has lost the authority.
        PreviewChanged: the act would do something else by now.
        Refusal: the act is no longer possible; see the service that does it.
    """
    proposal = _waiting(proposal_id, at)
    plan = plan_of(proposal)
    require_another(account, proposal, at)
    plan.authorise(account)
    if fingerprint != proposal.fingerprint:
        raise invalid(
            "/fingerprint",
            _("This is not the fingerprint of this proposal. Look at the proposal again."),
        )
    foreseen = _foreseen_again(plan, proposal, at)
    said = Ground(GroundKind(proposal.ground_kind), proposal.ground)
    signed = Signed(proposal.proposed_by, said, confirmed_by=account)
    done = plan.perform(signed, foreseen, at=at)
    decide_proposal(proposal=proposal, account=account, ground=ground, act=done.act, at=at)
    return Confirmed(proposal, performer_of(proposal).answer(plan, done))


@transaction.atomic
def withdraw_proposal(
    *, account: Account, proposal_id: int, ground: Ground, at: datetime
) -> Proposal:
    """Withdraw a proposal: its proposer does it, or somebody whose authority covers the act.

    Raises:
        NotFound: there is no such proposal.
        ProposalDecided, ProposalExpired: it no longer waits.
        Forbidden, OutsideYourArea: the account may not withdraw it.
    """
    proposal = _waiting(proposal_id, at)
    if proposal.proposed_by_id != account.pk:
        plan_of(proposal).authorise(account)
    decide_proposal(proposal=proposal, account=account, ground=ground, act=None, at=at)
    return proposal


def _waiting(proposal_id: int, at: datetime) -> Proposal:
    """Return a proposal that waits, locked. Of two confirmations, the second finds it decided."""
    known = Proposal.objects.select_for_update(of=("self",)).select_related("proposed_by")
    proposal = known.filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(_("There is no proposal with this number."))
    state = ProposalState(proposal.state)
    if state is not ProposalState.WAITING:
        raise ProposalDecided(DECIDED[state])
    if at >= proposal.expires_at:
        raise ProposalExpired
    return proposal


def require_another(account: Account, proposal: Proposal, at: datetime) -> None:
    """Refuse an account that is the proposer's own, or that owes its authority to the proposer.

    Raises OwnProposal or GrantedByProposer.
    """
    if account.pk == proposal.proposed_by_id:
        raise OwnProposal
    granted = Grant.objects.ever().filter(
        account=account,
        granted_by=proposal.proposed_by_id,
        granted_at__gt=at - GRANTED_LATELY,
    )
    if granted.exists():
        raise GrantedByProposer


def _foreseen_again(plan: ActPlan[Any], proposal: Proposal, at: datetime) -> Foreseen:
    """Return what the act would do now, if that is still what the proposer saw."""
    if not proposal.proposed_by.is_active:
        raise ProposerMayNot
    try:
        foreseen = plan.foresee(proposal.proposed_by, at=at)
    except Forbidden as refusal:
        raise ProposerMayNot from refusal
    if not is_as_previewed(proposal.preview, foreseen):
        raise PreviewChanged
    return foreseen

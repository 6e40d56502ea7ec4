"""Read a proposal for an officer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.errors import OutsideYourArea
from accounts.models import Account
from healthcode.acts.models import Proposal, ProposalState
from healthcode.acts.plans import ActPlan
from healthcode.acts.proposals import concerns
from healthcode.confirmation.errors import PreviewChanged
from healthcode.confirmation.performers import plan_of
from healthcode.web.errors import Forbidden, NotFound

EXPIRED: Final = "expired"
"""The state of a proposal that still waits after its time."""


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """A proposal as an officer may see it.

    `plan` is None for officers who may not do such an act there: they see only the counts.
    """

    proposal: Proposal
    plan: ActPlan[Any] | None


def proposal_for(account: Account, proposal_id: int) -> ShownProposal:
    """Return a proposal for an officer who made it, who could confirm it, or whom it concerns.

    Raises:
        NotFound: there is no such proposal.
        OutsideYourArea: it does not concern this officer.
    """
    known = Proposal.objects.select_related("proposed_by", "decided_by", "act")
    proposal = known.filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(_("There is no proposal with this number."))
    plan = _plan_for(account, proposal)
    mine = proposal.proposed_by_id == account.pk
    if plan is None and not mine and not concerns(account, proposal):
        raise OutsideYourArea
    return ShownProposal(proposal, plan)


def _plan_for(account: Account, proposal: Proposal) -> ActPlan[Any] | None:
    """Return the plan; None if the account may not do it, or if what it is about is gone."""
    try:
        plan = plan_of(proposal)
        plan.authorise(account)
    except (Forbidden, NotFound, PreviewChanged):
        return None
    return plan


def state_at(proposal: Proposal, at: datetime) -> str:
    """Return the state for the interface and the pages: a stored state, or "expired"."""
    waits = proposal.state == ProposalState.WAITING
    return EXPIRED if waits and at >= proposal.expires_at else proposal.state

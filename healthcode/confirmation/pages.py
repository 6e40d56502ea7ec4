"""The pages for proposals: a list, and one proposal to confirm or to withdraw."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authority import holds
from accounts.idempotency import sent_once
from accounts.models import Account, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import GroundKind, read_ground, sent_ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal, ProposalState
from healthcode.acts.proposals import proposals_for
from healthcode.areas.selectors import full_names
from healthcode.confirmation.performers import performer_of
from healthcode.confirmation.selectors import EXPIRED, ShownProposal, proposal_for, state_at
from healthcode.confirmation.services import confirm_proposal, withdraw_proposal
from healthcode.officers.held import effect_context
from healthcode.web.errors import Refusal

STATES = {**dict(ProposalState.choices), EXPIRED: _("expired")}
KINDS = dict(ActKind.choices)
GROUND_KINDS = dict(GroundKind.choices)


@never_cache
@require_safe
@role_required(Role.OFFICER, Role.ADMINISTRATOR)
def proposals(request: HttpRequest) -> HttpResponse:
    """Show the proposals of the last days that concern whoever is logged in."""
    account, at = account_of(request), timezone.now()
    rows = [_overview(row, account) for row in proposals_for(account, at=at)]
    context = {"proposals": rows, "has_desk": holds(account, Role.OFFICER)}
    return render(request, "confirmation/proposals.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER, Role.ADMINISTRATOR)
@sent_once
def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """Show a proposal as its proposer saw it; when a form is sent, confirm or withdraw it."""
    account = account_of(request)
    shown = proposal_for(account, proposal_id)
    if request.method == "GET":
        return _page(request, shown)
    if request.POST.get("step") != "withdraw" and "checked" not in request.POST:
        fault = str(_("First check what is proposed, then tick the box to confirm."))
        return _page(request, shown, fault=fault, status=422)
    try:
        _decide(request, account, proposal_id)
    except Refusal as refusal:
        return _page(request, shown, fault=str(refusal.detail), status=refusal.status)
    return redirect("officer-proposal", proposal_id)


def _decide(request: HttpRequest, account: Account, proposal_id: int) -> None:
    ground, at = read_ground(**sent_ground(request.POST)), timezone.now()
    if request.POST.get("step") == "withdraw":
        withdraw_proposal(account=account, proposal_id=proposal_id, ground=ground, at=at)
        return
    confirm_proposal(
        account=account,
        proposal_id=proposal_id,
        fingerprint=request.POST.get("fingerprint", ""),
        ground=ground,
        at=at,
    )


def _page(
    request: HttpRequest, shown: ShownProposal, *, fault: str = "", status: int = 200
) -> HttpResponse:
    account, found = account_of(request), shown.proposal
    effect = Effect.from_json(found.preview)
    homes = full_names(effect.homes)
    context = {
        **_overview(found, account),
        **effect_context(effect),
        **_details(account, shown),
        "homes": [(homes.get(code, code), count) for code, count in sorted(effect.homes.items())],
        "about_staff": found.role == Role.ADMINISTRATOR,
        "can_confirm": shown.plan is not None,
        "sent": request.POST,
        "fault": fault,
    }
    return render(request, "confirmation/proposal.html", context, status=status)


def _details(account: Account, shown: ShownProposal) -> Mapping[str, object]:
    """Return the template of the plan with its context; nothing if the officer may not see it."""
    if shown.plan is None:
        return {}
    performer = performer_of(shown.proposal)
    details = performer.context(account, shown.plan, shown.proposal, timezone.now())
    return {"template": performer.template, **details}


def _overview(found: Proposal, account: Account) -> dict[str, object]:
    state = state_at(found, timezone.now())
    return {
        "proposal": found,
        "what": KINDS[found.kind],
        "state": STATES[state],
        "waits": state == ProposalState.WAITING,
        "mine": found.proposed_by_id == account.pk,
        "said": GROUND_KINDS.get(found.ground_kind, ""),
        "decision_said": GROUND_KINDS.get(found.decision_ground_kind, ""),
        "worse": found.preview["worse"],
    }

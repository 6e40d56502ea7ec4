"""The officer's page to look at one piece of evidence and to withdraw it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.acts.models import Proposal
from healthcode.areas.selectors import full_name
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.words import words_of
from healthcode.officers.withdrawals.services import look_at_evidence, withdraw_evidence
from healthcode.web import texts
from healthcode.web.errors import Refusal


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def withdraw(request: HttpRequest) -> HttpResponse:
    """Show the evidence whose number a person read out, or withdraw it; both need a ground."""
    account, at = account_of(request), timezone.now()
    if request.method == "GET":
        return _page(request, texts.trimmed(request.GET.get("number", "")))
    sent = request.POST
    number = texts.trimmed(sent.get("number", ""))
    try:
        ground, evidence_id = read_ground(**sent_ground(sent)), texts.whole(number)
        if "look" in sent:
            fact = look_at_evidence(account=account, evidence_id=evidence_id, ground=ground, at=at)
            return _page(request, number, fact)
        withdrawn = withdraw_evidence(
            account=account, evidence_id=evidence_id, ground=ground, at=at
        )
    except Refusal as refusal:
        return _page(request, number, fault=str(refusal.detail), status=refusal.status)
    if isinstance(withdrawn, Proposal):
        return redirect("officer-proposal", withdrawn.pk)
    return redirect("officer-recomputation", withdrawn.pk)


def _page(
    request: HttpRequest,
    number: str,
    fact: Evidence | None = None,
    *,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {
        "number": number,
        "fact": fact,
        "fault": fault,
        "sent": request.POST,
    }
    if fact is not None:
        context |= fact_context(fact)
    return render(request, "officers/withdrawal.html", context, status=status)


def fact_context(fact: Evidence) -> dict[str, object]:
    """Return the context of `officers/_fact.html`."""
    return {
        "fact": fact,
        "kind": KINDS[EvidenceKind(fact.kind)].name,
        "words": words_of(fact),
        "area": full_name(fact.area_id) if fact.area_id else "",
    }

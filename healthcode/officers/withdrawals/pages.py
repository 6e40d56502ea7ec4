"""The officer's page to look at one piece of evidence and to withdraw it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import NO_GROUND, sent_ground
from healthcode.areas.selectors import full_name
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.selectors import evidence_for
from healthcode.evidence.words import words_of
from healthcode.officers.withdrawals.serializers import WithdrawalInput
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.web import texts
from healthcode.web.errors import Refusal


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def withdraw(request: HttpRequest) -> HttpResponse:
    """Show the evidence whose number a person read out; when a ground is sent, withdraw it."""
    account = account_of(request)
    sent = request.GET if request.method == "GET" else request.POST
    number = texts.trimmed(sent.get("number", ""))
    if not number:
        return _page(request, number)
    try:
        fact = evidence_for(account, texts.whole(number))
        if request.method == "GET":
            return _page(request, number, fact)
        given = WithdrawalInput(data=sent_ground(request.POST))
        if not given.is_valid():
            fault = str(NO_GROUND)
            return _page(request, number, fact, fault=fault, status=422)
        recomputation = withdraw_evidence(
            account=account,
            evidence_id=fact.pk,
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _page(request, number, fault=str(refusal.detail), status=refusal.status)
    return redirect("officer-recomputation", recomputation.pk)


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
        context |= {
            "kind": KINDS[EvidenceKind(fact.kind)].name,
            "words": words_of(fact),
            "area": full_name(fact.area_id) if fact.area_id else "",
        }
    return render(request, "officers/withdrawal.html", context, status=status)

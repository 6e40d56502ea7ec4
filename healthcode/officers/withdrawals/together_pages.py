"""The officer's page to withdraw everything that one report or one act recorded."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import invalid
from accounts.idempotency import sent_once
from accounts.models import Account, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.acts.models import Proposal
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.together import Recorder
from healthcode.officers.held import effect_context
from healthcode.officers.withdrawals.together import (
    ForeseenWithdrawal,
    preview_withdrawal,
    withdraw_recorded,
)
from healthcode.web import texts
from healthcode.web.errors import Refusal


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def withdraw_together(request: HttpRequest) -> HttpResponse:
    """Ask for the number of a report or an act, show what it recorded, and withdraw all of it."""
    account, sent = account_of(request), request.GET if request.method == "GET" else request.POST
    number = texts.trimmed(sent.get("number", ""))
    if request.method == "GET" and not number:
        return _page(request, sent.get("of", ""), number)
    try:
        recorder = _recorder(sent.get("of", ""))
        if request.method == "GET":
            return _preview_page(request, account, recorder, number)
        withdrawn = withdraw_recorded(
            account=account,
            recorder=recorder,
            number=texts.whole(number),
            ground=read_ground(**sent_ground(sent)),
            at=timezone.now(),
        )
    except Refusal as refusal:
        fault, status = str(refusal.detail), refusal.status
        return _page(request, sent.get("of", ""), number, fault=fault, status=status)
    if isinstance(withdrawn, Proposal):
        return redirect("officer-proposal", withdrawn.pk)
    return redirect("officer-recomputation", withdrawn.pk)


def _recorder(word: str) -> Recorder:
    try:
        return Recorder(word)
    except ValueError as error:
        said = _("Choose whether the number is that of a report or of an act.")
        raise invalid("/of", said) from error


def _preview_page(
    request: HttpRequest, account: Account, recorder: Recorder, number: str
) -> HttpResponse:
    preview = preview_withdrawal(
        account=account, recorder=recorder, number=texts.whole(number), at=timezone.now()
    )
    return _page(request, recorder, number, preview)


def _page(
    request: HttpRequest,
    of: str,
    number: str,
    preview: ForeseenWithdrawal | None = None,
    *,
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {
        "of": of,
        "number": number,
        "fault": fault,
        "sent": request.POST,
    }
    if preview is not None:
        context |= {"preview": preview, **effect_context(preview.effect)}
        context |= together_context(preview.facts)
    return render(request, "officers/withdrawal_together.html", context, status=status)


def together_context(facts: dict[str, object]) -> dict[str, object]:
    """Return the context of `officers/_together.html` for what a plan says it withdraws."""
    return {"facts": facts, "kind": KINDS[EvidenceKind(str(facts["kind"]))].name}

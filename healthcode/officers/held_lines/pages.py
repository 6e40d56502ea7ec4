"""The officers' pages for the held lines of sources: see them, confirm or reject them."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import invalid
from accounts.idempotency import sent_once
from accounts.models import Account, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.areas.selectors import full_names
from healthcode.core import Colour
from healthcode.evidence.words import TRAITS
from healthcode.officers.held_lines.selectors import (
    WaitingLines,
    waiting_batches,
    waiting_lines,
)
from healthcode.officers.held_lines.services import confirm_lines, preview_lines, reject_lines
from healthcode.web import texts
from healthcode.web.errors import Refusal

MOST_SHOWN: Final = 200


@never_cache
@require_safe
@role_required(Role.OFFICER)
def batches(request: HttpRequest) -> HttpResponse:
    """Show the reports with lines that wait for the officer."""
    waiting = waiting_batches(account_of(request))
    return render(request, "officers/held.html", {"waiting": waiting})


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def lines(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show the lines of a report that wait; when a decision is sent, confirm or reject them."""
    account = account_of(request)
    try:
        waiting = waiting_lines(account, batch_id)
    except Refusal as refusal:
        return render(request, "web/error.html", {"kind": refusal.slug}, status=refusal.status)
    if request.method == "GET":
        return _page(request, waiting)
    try:
        return _decide(request, account, batch_id)
    except Refusal as refusal:
        return _page(request, waiting, fault=str(refusal.detail), status=refusal.status)


def _decide(request: HttpRequest, account: Account, batch_id: int) -> HttpResponse:
    sent = request.POST
    chosen = None if sent.get("which") == "all" else [texts.whole(n) for n in sent.getlist("line")]
    ground, at = read_ground(**sent_ground(sent)), timezone.now()
    decision: dict[str, Any] = {
        "account": account,
        "batch_id": batch_id,
        "lines": chosen,
        "fingerprint": sent.get("fingerprint", ""),
        "ground": ground,
        "at": at,
    }
    if sent.get("decision") == "reject":
        reject_lines(**decision)
        return redirect("officer-held")
    if sent.get("decision") != "confirm":
        raise invalid("/decision", _("Choose whether to confirm or to reject the lines."))
    done = confirm_lines(**decision)
    if done.recomputation is None:
        return redirect("officer-held")
    return redirect("officer-recomputation", done.recomputation.pk)


def _page(
    request: HttpRequest, waiting: WaitingLines, *, fault: str = "", status: int = 200
) -> HttpResponse:
    effect = preview_lines(waiting, at=timezone.now())
    shown = waiting.lines[:MOST_SHOWN]
    known = full_names({line.area_id for line in shown if line.area_id})
    context = {
        "batch": waiting.batch,
        "total": len(waiting.lines),
        "rows": [
            (line, [TRAITS[trait] for trait in line.traits], known.get(line.area_id or "", ""))
            for line in shown
        ],
        "hidden": len(waiting.lines) - len(shown),
        "colours": [
            (colour.label, effect.before[colour], effect.after[colour]) for colour in Colour
        ],
        "worse": effect.worse,
        "fingerprint": waiting.fingerprint,
        "ticked": {texts.whole(n) for n in request.POST.getlist("line")},
        "which": request.POST.get("which", ""),
        **sent_ground(request.POST),
        "fault": fault,
    }
    return render(request, "officers/held_batch.html", context, status=status)

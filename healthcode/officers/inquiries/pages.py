"""The officers' pages for inquiries: open one, add meetings, check the chain, confirm it."""

from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.acts.models import Proposal
from healthcode.officers.held import effect_context
from healthcode.officers.inquiries.graph import draw
from healthcode.officers.inquiries.serializers import MeetingInput, OpeningInput
from healthcode.tracing import services
from healthcode.tracing.kinds import Strength
from healthcode.tracing.meetings import declare_meeting, meetings_of, retract_meeting
from healthcode.tracing.models import Inquiry
from healthcode.tracing.selectors import inquiries_of, inquiry_for
from healthcode.tracing.trace import Chain
from healthcode.web import texts
from healthcode.web.errors import Refusal

MOST_INQUIRIES: Final = 20
STRENGTHS: Final = {
    Strength.CLOSE: _("close contact"),
    Strength.CASUAL: _("casual contact"),
    Strength.DOUBTFUL: _("doubtful contact"),
    Strength.SECONDARY: _("contact of a contact"),
}


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def inquiries(request: HttpRequest) -> HttpResponse:
    """Show the latest inquiries and a form; when it is sent, open an inquiry."""
    if request.method == "GET":
        return _list_page(request)
    at = timezone.now()
    names = ("infectious_from", "infectious_until")
    typed: dict[str, Any] = {
        name: texts.trimmed(request.POST.get(name, "")) or None for name in names
    }
    typed |= sent_ground(request.POST)
    given = OpeningInput(data={**typed, "case": texts.whole(request.POST.get("case", ""))})
    if not given.is_valid():
        fault = _(
            "Give the evidence number of the case and the ground. Write dates like 2020-02-24."
        )
        return _list_page(request, fault=str(fault), status=422)
    values = given.validated_data
    try:
        inquiry = services.open_inquiry(
            account=account_of(request), evidence_id=values.pop("case"), at=at, **values
        )
    except Refusal as refusal:
        return _list_page(request, fault=str(refusal.detail), status=refusal.status)
    return redirect("officer-inquiry", inquiry.pk)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def inquiry(request: HttpRequest, inquiry_id: int) -> HttpResponse:
    """Show the chain as picture and table, with numbers by colour; when it is sent, confirm it."""
    account = account_of(request)
    try:
        found = inquiry_for(account, inquiry_id)
    except Refusal as refusal:
        return render(request, "web/error.html", {"kind": refusal.slug}, status=refusal.status)
    if request.method == "GET":
        return _chain_page(request, found)
    if "confirmed" not in request.POST:
        fault = str(_("First check the chain, then tick the box to confirm."))
        return _chain_page(request, found, fault=fault, status=422)
    try:
        confirmed = services.confirm(
            account=account,
            inquiry_id=inquiry_id,
            ground=read_ground(**sent_ground(request.POST)),
            fingerprint=request.POST.get("fingerprint", ""),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _chain_page(request, found, fault=str(refusal.detail), status=refusal.status)
    if isinstance(confirmed, Proposal):
        return redirect("officer-proposal", confirmed.pk)
    return redirect("officer-recomputation", confirmed.pk)


@never_cache
@require_POST
@role_required(Role.OFFICER)
@sent_once
def meetings(request: HttpRequest, inquiry_id: int) -> HttpResponse:
    """Add a meeting that the case told of, or take one back; then show the chain again."""
    account, at = account_of(request), timezone.now()
    try:
        found = inquiry_for(account, inquiry_id)
    except Refusal as refusal:
        return render(request, "web/error.html", {"kind": refusal.slug}, status=refusal.status)
    sent = request.POST
    try:
        if "retract" in sent:
            number, ground = texts.whole(sent["retract"]), read_ground(**sent_ground(sent))
            retract_meeting(
                account=account, inquiry_id=inquiry_id, meeting_id=number, ground=ground, at=at
            )
            return redirect("officer-inquiry", inquiry_id)
        meeting = _meeting_typed(sent, at)
        if meeting is None:
            fault = str(_("Give the number of the person, the time when they met, and the ground."))
            return _chain_page(request, found, fault=fault, status=422, meeting_sent=sent)
        declare_meeting(account=account, inquiry_id=inquiry_id, at=at, **meeting)
    except Refusal as refusal:
        fault = str(refusal.detail)
        return _chain_page(request, found, fault=fault, status=refusal.status, meeting_sent=sent)
    return redirect("officer-inquiry", inquiry_id)


def _meeting_typed(sent: QueryDict, at: datetime) -> dict[str, Any] | None:
    """Return the meeting that was typed in, in Shanghai time, or None if it has mistakes."""
    times = {name: texts.trimmed(sent.get(name, "")) for name in ("from", "to")}
    data: dict[str, Any] = {name: f"{time}:00+08:00" for name, time in times.items() if time}
    data |= {"person": texts.whole(sent.get("person", "")), **sent_ground(sent)}
    given = MeetingInput(data=data, context={"at": at})
    return dict(given.validated_data) if given.is_valid() else None


def _list_page(request: HttpRequest, *, fault: str = "", status: int = 200) -> HttpResponse:
    context = {
        "inquiries": inquiries_of(account_of(request), most=MOST_INQUIRIES),
        "sent": request.POST if request.method == "POST" else request.GET,
        "fault": fault,
    }
    return render(request, "officers/inquiries.html", context, status=status)


def _chain_page(
    request: HttpRequest,
    found: Inquiry,
    *,
    fault: str = "",
    status: int = 200,
    meeting_sent: QueryDict | None = None,
) -> HttpResponse:
    shown = services.show(account=account_of(request), inquiry=found, at=timezone.now())
    context = {
        "inquiry": found,
        **chain_context(found, shown.chain, shown.people.effect),
        "meetings": meetings_of(found),
        "fingerprint": shown.fingerprint,
        **({} if meeting_sent is not None else sent_ground(request.POST)),
        "meeting_sent": meeting_sent,
        "fault": fault,
    }
    return render(request, "officers/inquiry.html", context, status=status)


def chain_context(found: Inquiry, chain: Chain, effect: Effect) -> dict[str, object]:
    """Return the context of `officers/_chain.html`."""
    rows = [(found.case.person_id, met, STRENGTHS[met.strength]) for met in chain.contacts]
    rows += [(s.of, s.encounter, STRENGTHS[Strength.SECONDARY]) for s in chain.secondary]
    return {
        "graph": draw(chain),
        "legend": STRENGTHS.items(),
        "rows": rows,
        **effect_context(effect),
    }

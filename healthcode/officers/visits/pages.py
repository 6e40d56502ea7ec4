"""The officer's pages for somebody at the desk with whom no telephone came."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from accounts.selectors import masked_name
from healthcode.acts.grounds import NO_GROUND, GroundKind, sent_ground
from healthcode.areas.selectors import full_name
from healthcode.codes import card as cards
from healthcode.codes.errors import DeclareFirst
from healthcode.evidence.declaration_form import DeclarationForm
from healthcode.evidence.traits import Symptom
from healthcode.officers.visits import services
from healthcode.officers.visits.api import DeclaredAtDeskInput
from healthcode.officers.visits.services import Visit
from healthcode.web.days import day_of
from healthcode.web.errors import NotFound, Refusal
from healthcode.web.pages import held_off


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def visit(request: HttpRequest, visit: int) -> HttpResponse:
    """Ask what the person declares, and offer the card as soon as they have declared."""
    account, at = account_of(request), timezone.now()
    try:
        found = services.visit_of(account=account, act_id=visit, at=at)
    except NotFound as refusal:
        raise Http404 from refusal
    form = DeclarationForm.blank(found.person.home_area, at=at)
    if request.method == "GET":
        return _visit_page(request, found, form.chosen(request.GET))
    form = form.sent(request.POST)
    if "more" in request.POST:
        return _visit_page(request, found, form.longer())
    sent = {**form.input(), **sent_ground(request.POST)}
    given = DeclaredAtDeskInput(data=sent, context={"at": at})
    given.is_valid()
    form = form.checked(given)
    fault = str(NO_GROUND) if {"ground", "ground_kind"} & given.errors.keys() else ""
    if form.faults or fault:
        return _visit_page(request, found, form, ground_fault=fault, status=422)
    try:
        _decision, act = services.declare_at_desk(
            account=account,
            act_id=visit,
            declaration=given.declaration(),
            ground=given.validated_data["ground"],
            at=at,
        )
    except Refusal as refusal:
        page = _visit_page(request, found, form.refused(refusal), status=refusal.status)
        return held_off(page, refusal)
    said = _("The declaration is recorded as act %(number)d. You can print the card now.")
    messages.success(request, said % {"number": act.pk})
    return redirect("officer-visit", visit)


@never_cache
@require_safe
@role_required(Role.OFFICER)
def card(request: HttpRequest, visit: int) -> HttpResponse:
    """Show the card to print. The person sees that an officer looked."""
    try:
        issued = services.card_at_desk(account=account_of(request), act_id=visit, at=timezone.now())
    except NotFound as refusal:
        raise Http404 from refusal
    except DeclareFirst:
        return redirect("officer-visit", visit)
    except Refusal as refusal:
        context = {"title": refusal.title, "advice": refusal.detail}
        return render(request, "web/error.html", context, status=refusal.status)
    headers = {"Content-Disposition": 'inline; filename="health-code.pdf"'}
    return HttpResponse(cards.pdf(issued), content_type="application/pdf", headers=headers)


def _visit_page(
    request: HttpRequest,
    visit: Visit,
    form: DeclarationForm,
    *,
    ground_fault: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "visit": visit.act.pk,
        "name": masked_name(visit.person.pk),
        "needs_declaration": services.needs_declaration(visit),
        "card_days": timedelta(seconds=settings.PAPER_CODE_SECONDS).days,
        "form": form,
        "home": full_name(visit.person.home_area),
        "symptoms": Symptom.choices,
        "today": day_of(timezone.now()),
        "ground_fault": ground_fault,
        "ground_kind": request.POST.get("ground_kind") or GroundKind.DOCUMENT_SEEN,
        "ground": request.POST.get("ground") or _("The person said it at the desk."),
    }
    return render(request, "officers/visit.html", context, status=status)

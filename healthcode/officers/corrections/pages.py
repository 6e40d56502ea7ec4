"""The officer's page that corrects a registration: first look at it, then store what is right."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import Faults, faults_of
from accounts.idempotency import sent_once
from accounts.models import IdType, Role
from accounts.permissions import account_of, role_required
from accounts.selectors import Registered
from healthcode.acts.grounds import NO_GROUND, GroundKind, sent_ground
from healthcode.areas.selectors import full_names
from healthcode.evidence.lines import holder_of
from healthcode.officers.corrections.api import CorrectionInput, LookInput
from healthcode.officers.corrections.services import correct_registration, look_at_registration
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off
from healthcode.web.problems import flatten
from healthcode.web.texts import trimmed, whole

_FIELDS = {
    "document": "right_number",
    "document/id_type": "right_type",
    "document/id_number": "right_number",
    "person": "registered",
    "id_type": "registered",
    "id_number": "registered",
}
"""The fields of the form, by the member of the input."""


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def correction(request: HttpRequest) -> HttpResponse:
    """Show the form. A POST shows what is registered, masked, or corrects it (`step`)."""
    if request.method == "GET":
        return _form_page(request, Faults())
    return _correct(request) if request.POST.get("step") == "correct" else _look(request, Faults())


def _look(request: HttpRequest, faults: Faults, *, status: int = 200) -> HttpResponse:
    """Show what is registered under the number in the form; `faults` are those of another step."""
    typed = _holder(request.POST) | sent_ground(request.POST)
    given = LookInput(data=typed)
    if not given.is_valid():
        return _form_page(request, _faults(given.errors), status=422)
    try:
        known = look_at_registration(
            account=account_of(request),
            holder=holder_of(given.validated_data),
            home_area=request.POST.get("home_area", ""),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        page = _form_page(request, faults_of(refusal), status=refusal.status)
        return held_off(page, refusal)
    return _form_page(request, faults, known, status=status)


def _correct(request: HttpRequest) -> HttpResponse:
    posted = request.POST
    right = {name: trimmed(posted.get(name, "")) for name in ("name", "home_area")}
    typed = _holder(posted) | sent_ground(posted) | {k: v for k, v in right.items() if v}
    if number := trimmed(posted.get("right_number", "")):
        typed["document"] = {"id_type": posted.get("right_type", ""), "id_number": number}
    given = CorrectionInput(data=typed | {"document_seen": "document_seen" in posted})
    if not given.is_valid():
        return _look(request, _faults(given.errors), status=422)
    try:
        _corrected, act = correct_registration(
            account=account_of(request),
            holder=holder_of(given.validated_data),
            right=given.right(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        faults = Faults({_FIELDS.get(k, k): v for k, v in faults_of(refusal).items()})
        return _look(request, faults, status=refusal.status)
    said = _("It is corrected, as act %(number)d. The person reads it under “Personal data”.")
    messages.success(request, said % {"number": act.pk})
    return redirect("officer-correction")


def _holder(posted: QueryDict) -> dict[str, object]:
    """Return who is meant: the number of the registration if it was typed, else the document."""
    if number := trimmed(posted.get("person", "")):
        return {"person": whole(number)}
    return {name: trimmed(posted.get(name, "")) for name in ("id_type", "id_number")}


def _faults(errors: object) -> Faults:
    faults = Faults()
    for one in flatten(errors):
        field = one["pointer"][1:] or "registered"
        faults[_FIELDS.get(field, field)] = one["detail"]
    if {"ground", "ground_kind"} & faults.keys():
        faults["ground"] = str(NO_GROUND)
    if "registered" in faults:
        faults["registered"] = _("Give the number of the document, or of the registration.")
    return faults


def _form_page(
    request: HttpRequest, faults: Faults, known: Registered | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "faults": faults,
        "values": request.POST,
        "known": known,
        "home": full_names([known.home_area]).get(known.home_area, "") if known else "",
        "home_area": request.POST.get("home_area", request.GET.get("home_area", "")),
        "id_types": IdType.choices,
        "ground_kind": request.POST.get("ground_kind") or GroundKind.DOCUMENT_SEEN,
        "ground": request.POST.get("ground")
        or _("The person showed the identity document at the desk."),
    }
    return render(request, "officers/correction.html", context, status=status)

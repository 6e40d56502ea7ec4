"""The pages for declarations and daily check-ins."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson, person_for
from healthcode.areas.selectors import full_name
from healthcode.evidence.declaration_form import DeclarationForm, faults_of
from healthcode.evidence.traits import Symptom
from healthcode.residents.declarations import services
from healthcode.residents.declarations.serializers import CheckInInput, DeclarationInput
from healthcode.residents.whom import or_proof, whom
from healthcode.web.days import day_of
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off
from healthcode.web.texts import trimmed

# Healthy temperatures need one tap. Others are typed.
USUAL_TEMPERATURES: Final = [f"{tenths / 10:.1f}" for tenths in range(360, 372)]


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def declare(request: HttpRequest, person_id: int) -> HttpResponse:
    """The declaration: three yes-or-no questions, a temperature, and places if there were any."""
    account, known = whom(request, person_id)
    at = timezone.now()
    form = DeclarationForm.blank(known.home_area, at=at)
    if request.method == "GET":
        return _declaration_page(request, known, form.chosen(request.GET))
    form = form.sent(request.POST)
    if "more" in request.POST:
        return _declaration_page(request, known, form.longer())
    given = DeclarationInput(data={"person": person_id, **form.input()}, context={"at": at})
    given.is_valid()
    form = form.checked(given)
    if form.faults:
        return _declaration_page(request, known, form, status=422)
    person = services.person_to_declare_for(account=account, person_id=person_id, at=at)
    try:
        services.declare(account=account, person=person, declaration=given.declaration(), at=at)
    except Refusal as refusal:
        return held_off(
            _declaration_page(request, known, form.refused(refusal), status=refusal.status),
            refusal,
        )
    messages.success(request, _("Thank you. We have received the declaration."))
    return redirect("colour-page", person_id)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def check_in(request: HttpRequest, person_id: int) -> HttpResponse:
    """The daily check-in: a temperature, and two buttons for well and not well."""
    account, known = whom(request, person_id)
    if request.method == "GET":
        return _check_in_page(request, known, {})
    typed = trimmed(request.POST.get("other", ""))
    data = {
        "person": person_id,
        "temperature": typed or request.POST.get("temperature", ""),
        "symptoms": [] if "well" in request.POST else request.POST.getlist("symptoms"),
    }
    given = CheckInInput(data=data)
    given.is_valid()
    faults = faults_of(given)
    if "well" not in request.POST and not data["symptoms"]:
        faults["symptoms"] = _("Please choose at least one symptom.")
    if faults:
        return _check_in_page(request, known, faults, status=422)
    person = person_for(account, person_id)
    try:
        services.check_in(
            account=account, person=person, check_in=given.check_in(), at=timezone.now()
        )
    except Refusal as refusal:
        return _check_in_page(request, known, {"form": str(refusal.detail)}, status=refusal.status)
    messages.success(request, _("Thank you. Today's check-in is done."))
    return redirect("colour-page", person_id)


def _declaration_page(
    request: HttpRequest, known: KnownPerson, form: DeclarationForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "person": known,
        "form": form,
        "home": full_name(known.home_area),
        "symptoms": Symptom.choices,
        "today": day_of(timezone.now()),
    }
    return render(request, "residents/declare.html", context, status=status)


def _check_in_page(
    request: HttpRequest, known: KnownPerson, faults: dict[str, str], *, status: int = 200
) -> HttpResponse:
    context = {
        "person": known,
        "faults": faults,
        "symptoms": Symptom.choices,
        "temperatures": USUAL_TEMPERATURES,
        "sent": request.POST,
        "ticked": request.POST.getlist("symptoms"),
    }
    return render(request, "residents/check_in.html", context, status=status)

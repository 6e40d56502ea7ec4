"""What residents do about their colour: declare, check in, and read why it is as it is."""

from collections.abc import Iterable
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Account, Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson, known_person, person_for
from healthcode.areas.selectors import full_name
from healthcode.colours import reporting
from healthcode.colours.forms import DeclarationForm, faults_of
from healthcode.colours.reasons import Reason
from healthcode.colours.selectors import colour_of, decision_of
from healthcode.colours.serializers import CheckInInput, DeclarationInput
from healthcode.evidence.fields import SHANGHAI
from healthcode.evidence.traits import Symptom
from healthcode.web.errors import NotFound, Refusal

# One tap for the temperatures that the healthy have; anything else is typed.
USUAL_TEMPERATURES: Final = [f"{tenths / 10:.1f}" for tenths in range(360, 372)]


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
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
    given = DeclarationInput(data=form.input(person_id), context={"at": at})
    given.is_valid()
    form = form.checked(given)
    if form.faults:
        return _declaration_page(request, known, form, status=422)
    person = person_for(account, person_id)
    try:
        reporting.declare(account=account, person=person, declaration=given.declaration(), at=at)
    except Refusal as refusal:
        return held_off(
            _declaration_page(request, known, form.refused(refusal), status=refusal.status),
            refusal,
        )
    messages.success(request, _("Thank you, the declaration is stored."))
    return redirect("colour-page", person_id)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def check_in(request: HttpRequest, person_id: int) -> HttpResponse:
    """The daily check-in: a temperature, and one of two buttons."""
    account, known = whom(request, person_id)
    if request.method == "GET":
        return _check_in_page(request, known, {})
    typed = request.POST.get("other", "").strip()
    data = {
        "person": person_id,
        "temperature": typed or request.POST.get("temperature", ""),
        "symptoms": [] if "well" in request.POST else request.POST.getlist("symptoms"),
    }
    given = CheckInInput(data=data)
    given.is_valid()
    faults = faults_of(given)
    if "well" not in request.POST and not data["symptoms"]:
        faults["symptoms"] = _("Please choose what you feel.")
    if faults:
        return _check_in_page(request, known, faults, status=422)
    person = person_for(account, person_id)
    try:
        reporting.check_in(
            account=account, person=person, check_in=given.check_in(), at=timezone.now()
        )
    except Refusal as refusal:
        return _check_in_page(request, known, {"form": str(refusal.detail)}, status=refusal.status)
    messages.success(request, _("Thank you, today's check-in is stored."))
    return redirect("colour-page", person_id)


@never_cache
@require_GET
@role_required(Role.RESIDENT)
def colour(request: HttpRequest, person_id: int) -> HttpResponse:
    """What came of it: the colour at a glance, until when, and what to do next."""
    return _told_page(request, person_id, "colours/colour.html")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
def why(request: HttpRequest, person_id: int) -> HttpResponse:
    """Every reason for the colour: what it rests on, when it ends, what is still missing."""
    return _told_page(request, person_id, "colours/why.html")


def _told_page(request: HttpRequest, person_id: int, template: str) -> HttpResponse:
    _account, known = whom(request, person_id)
    if colour_of(person_id) is None:
        messages.info(request, _("Please declare first; the colour follows at once."))
        return redirect("declare", person_id)
    decision = decision_of(person_id, timezone.now())
    context = {"person": known, "decision": decision, "reasons": once_each(decision.reasons)}
    return render(request, template, context)


def once_each(reasons: Iterable[Reason]) -> list[Reason]:
    """`reasons` without those that say the same; of these, the one that lasts longest stays."""
    told: dict[tuple[str, str], Reason] = {}
    for reason in reasons:
        same = told.setdefault((reason.rule, reason.text), reason)
        if _lasts(reason) > _lasts(same):
            told[reason.rule, reason.text] = reason
    return list(told.values())


def _lasts(reason: Reason) -> tuple[bool, bool, float]:
    """Orders reasons by how long they last: open exposures, then open releases, then by date."""
    ends = reason.until or reason.holds_until
    return reason.holds_until is None, reason.until is None, ends.timestamp() if ends else 0.0


def _declaration_page(
    request: HttpRequest, known: KnownPerson, form: DeclarationForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "person": known,
        "form": form,
        "home": full_name(known.home_area),
        "symptoms": Symptom.choices,
        "today": timezone.now().astimezone(SHANGHAI).date(),
    }
    return render(request, "colours/declare.html", context, status=status)


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
    return render(request, "colours/check_in.html", context, status=status)


def held_off(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    """The page with the header that says when to try again, where the refusal knows."""
    if "retry_after" in refusal.members:
        response["Retry-After"] = str(refusal.members["retry_after"])
    return response


def whom(request: HttpRequest, person_id: int) -> tuple[Account, KnownPerson]:
    """The account, and the person whom the page is about.

    Raises:
        Http404: when the account does not look after such a person.
    """
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  role_required saw to it
    try:
        return account, known_person(account, person_id)
    except NotFound as refusal:
        raise Http404 from refusal

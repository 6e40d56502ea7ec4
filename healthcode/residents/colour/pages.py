"""The pages with a person's colour and its reasons."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import role_required
from healthcode.colours.reasons import ColourReason
from healthcode.colours.selectors import colour_of, decision_of
from healthcode.residents.whom import or_proof, whom


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def colour(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show the colour, until when it lasts, and what to do next."""
    return _told_page(request, person_id, "residents/colour.html")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def why(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show every reason for the colour: its evidence, when it ends, what is still missing."""
    return _told_page(request, person_id, "residents/why.html")


def _told_page(request: HttpRequest, person_id: int, template: str) -> HttpResponse:
    _account, known = whom(request, person_id)
    if colour_of(person_id) is None:
        messages.info(
            request,
            _("Please fill in the health declaration first. You will get a colour right away."),
        )
        return redirect("declare", person_id)
    decision = decision_of(person_id, timezone.now())
    context = {"person": known, "decision": decision, "reasons": once_each(decision.reasons)}
    return render(request, template, context)


def once_each(reasons: Iterable[ColourReason]) -> list[ColourReason]:
    """Drop reasons with the same sentence of the same reporter; keep the one that lasts longest."""
    told: dict[tuple[str, ...], ColourReason] = {}
    for reason in reasons:
        key = (reason.rule, reason.text, reason.origin.reporter, reason.origin.name)
        same = told.setdefault(key, reason)
        if _lasts(reason) > _lasts(same):
            told[key] = reason
    return list(told.values())


def _lasts(reason: ColourReason) -> tuple[bool, bool, float]:
    """Order reasons by how long they last: open exposures, then open releases, then by date."""
    ends = reason.until or reason.holds_until
    return reason.holds_until is None, reason.until is None, ends.timestamp() if ends else 0.0

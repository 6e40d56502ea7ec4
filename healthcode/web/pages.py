"""Pages that belong to no other room: the home page, how it works, error pages."""

import sys
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from healthcode.web.errors import Forbidden, NotFound, Refusal, ServerError, StaleForm
from healthcode.web.notices import unavailable_response
from healthcode.web.outages import refusal_of
from healthcode.web.problems import problem_response, wants_problem
from healthcode.web.refusals import refusals_by_slug

FORGET: Final = "forget"
"""Tag of a message. Its page makes the browser delete what it keeps for a resident."""


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what the service is, and where each visitor goes next."""
    return render(request, "web/home.html")


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """Show how a colour is decided, what is kept for how long, and how to correct it."""
    return render(request, "web/about.html")


@require_GET
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one `type` of problem document.

    Raises:
        Http404: when no refusal has this slug.
    """
    refusal = refusals_by_slug().get(slug)
    if refusal is None:
        raise Http404
    return render(request, "web/problem.html", {"slug": slug, "title": refusal.title})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that does not exist, or not for this reader."""
    return _failed(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for an address that this reader may not use."""
    return _failed(request, Forbidden())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that came without its CSRF token, mostly because it was open too long."""
    return _failed(request, StaleForm())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault without its details; if the database failed, say when to try again."""
    unavailable = refusal_of(sys.exception())
    if unavailable is not None:
        return unavailable_response(request, unavailable)
    return _failed(request, ServerError())


def _failed(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    if wants_problem(request):
        return problem_response(refusal)
    context = {"title": refusal.title, "advice": refusal.detail}
    return render(request, "web/error.html", context, status=refusal.status)


def held_off(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    """Add Retry-After to a page when the refusal knows the time."""
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response

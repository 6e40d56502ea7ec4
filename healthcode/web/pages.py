"""Pages that belong to no other room: the front page, how it works, what a problem means."""

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
"""A tag of a message: the page that shows it has the browser forget what it keeps for somebody."""


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The front page: what this is and where each visitor goes next."""
    return render(request, "web/home.html")


@require_GET
def about(request: HttpRequest) -> HttpResponse:
    """How a colour is decided, what is kept and for how long, and how to have it put right."""
    return render(request, "web/about.html")


@require_GET
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """What a problem document's `type` means.

    Raises:
        Http404: when no problem has this slug.
    """
    refusal = refusals_by_slug().get(slug)
    if refusal is None:
        raise Http404
    return render(request, "web/problem.html", {"slug": slug, "title": refusal.title})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist, or not for this reader."""
    return _failed(request, NotFound())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that this reader may not use."""
    return _failed(request, Forbidden())


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token, mostly because it lay open too long."""
    return _failed(request, StaleForm())


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, of which nothing is told; when the database failed: when to try again."""
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
    """The page with the header that says when to try again, where the refusal knows."""
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response

"""Pages that belong to no other room: the front page, how it works, what a problem means."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from healthcode.web.errors import Refusal
from healthcode.web.problems import FRAMEWORK, problem_response, wants_problem

# Problems that are neither a domain refusal nor an exception of the framework.
EDGE: list[tuple[str, str | Promise]] = [
    ("invalid-input", _("Please correct the input")),
    ("too-large", _("Too large")),
    ("length-required", _("Length required")),
    ("stale-form", _("This form has expired")),
    ("busy", _("Too busy at the moment")),
    ("server-error", _("Something went wrong on our side")),
]

ADVICE: dict[str, Promise] = {
    "not-found": _("It may have moved, or it belongs to somebody else."),
    "forbidden": _("Log in with an account that has the right role."),
    "stale-form": _(
        "Go back, reload the page and send it again. Your browser must accept cookies."
    ),
    "server-error": _(
        "Please try again in a moment. A code that is already shown or printed stays valid until"
        " the time it says."
    ),
}


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
    titles = dict(problem_types())
    if slug not in titles:
        raise Http404
    return render(request, "web/problem.html", {"slug": slug, "problem_title": titles[slug]})


def problem_types() -> Iterator[tuple[str, str | Promise]]:
    """Every slug that a problem document of this service can carry, with its title."""
    yield from EDGE
    yield from ((slug, title) for _error, slug, title in FRAMEWORK)
    pending = [Refusal]
    while pending:
        refusal = pending.pop()
        yield refusal.slug, refusal.title
        pending.extend(refusal.__subclasses__())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that does not exist, or not for this reader."""
    return _failed(request, "not-found", _("Not found"), 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that this reader may not use."""
    return _failed(request, "forbidden", _("Not allowed"), 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token, mostly because it lay open too long."""
    return _failed(request, "stale-form", _("This form has expired"), 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; says nothing about its inside."""
    return _failed(request, "server-error", _("Something went wrong on our side"), 500)


def _failed(request: HttpRequest, slug: str, title: str | Promise, status: int) -> HttpResponse:
    if wants_problem(request):
        return problem_response(slug, title, status, ADVICE[slug])
    context = {"title": title, "advice": ADVICE[slug]}
    return render(request, "web/error.html", context, status=status)


def held_off(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    """The page with the header that says when to try again, where the refusal knows."""
    if "retry_after" in refusal.members:
        response["Retry-After"] = str(refusal.members["retry_after"])
    return response

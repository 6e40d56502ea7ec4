"""The middleware that runs before and after every view."""

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.module_loading import import_string

from healthcode.web.bodies import announced, limit_of
from healthcode.web.errors import LengthRequired, Refusal, TooLarge
from healthcode.web.notices import unavailable_response
from healthcode.web.outages import refusal_of
from healthcode.web.pages import held_off
from healthcode.web.problems import problem_response, wants_problem

Handler = Callable[[HttpRequest], HttpResponseBase]

INTERFACE = "/api/v1/"
"""Machines call the addresses below this one. The documentation of the interface is a page."""


# Headers are read from META, because `request.headers` parses all headers of every request.


class BodyLimitMiddleware:
    """Refuse a body that is larger than its address needs, before anything reads it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413 when the announced length is too large, and 411 when none is announced."""
        limit = limit_of(request.path)
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return problem_response(LengthRequired())
        size = announced(request.META.get("CONTENT_LENGTH") or "0")
        if size is None or size > limit:
            return problem_response(TooLarge(limit_bytes=limit))
        return self.get_response(request)


class PagesMiddleware:
    """Run `PAGE_MIDDLEWARE` for pages only, the first of the list outermost.

    A call of the interface proves who makes it by its token. It needs no session and no CSRF check,
    and no browser shows its answer as a page.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self._of_pages: Handler = get_response
        self._views: list[Callable[..., HttpResponseBase | None]] = []
        for name in reversed(settings.PAGE_MIDDLEWARE):
            layer = import_string(name)(convert_exception_to_response(self._of_pages))
            self._of_pages = layer
            if hasattr(layer, "process_view"):
                self._views.insert(0, layer.process_view)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, through `PAGE_MIDDLEWARE` if it asks for a page."""
        if request.path.startswith(INTERFACE):
            return self.get_response(request)
        return self._of_pages(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Return the answer of the first layer that answers instead of the view, or None."""
        if request.path.startswith(INTERFACE):
            return None
        answers = (process(request, view, args, kwargs) for process in self._views)
        return next((answer for answer in answers if answer is not None), None)


class RefusalMiddleware:
    """Turn a refusal that a view did not catch into an error page or a problem document."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on. Only exceptions of views matter here."""
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Answer a refusal or a failed database; leave any other exception to Django."""
        unavailable = refusal_of(exception)
        if unavailable is not None:
            return unavailable_response(request, unavailable)
        if not isinstance(exception, Refusal):
            return None
        if wants_problem(request):
            return problem_response(exception)
        context = {"title": exception.title, "advice": exception.detail}
        response = render(request, "web/error.html", context, status=exception.status)
        return held_off(response, exception)


class LanguageMiddleware:
    """Choose the reader's own language, or `Accept-Language` for the interface, or Chinese."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Activate the language for this request, and name it in the answer's headers."""
        language = self._language(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    @staticmethod
    def _language(request: HttpRequest) -> str:
        known = dict(settings.LANGUAGES)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen in known:
            return chosen
        if wants_problem(request):
            accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower().split(",")[0]
            if accepted.startswith("en"):
                return "en"
        return str(settings.LANGUAGE_CODE)

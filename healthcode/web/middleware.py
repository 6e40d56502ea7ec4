"""What happens to every request before its view."""

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
"""What stands below it is called by machines; the interface's own documentation is a page."""


# Headers are read from META: `request.headers` takes every header of every request apart.


class BodyLimitMiddleware:
    """Refuses bodies larger than their address needs, before anything reads them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """RawResponse 413 when the announced length is too large, 411 when a body has none."""
        limit = limit_of(request.path)
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return problem_response(LengthRequired())
        size = announced(request.META.get("CONTENT_LENGTH") or "0")
        if size is None or size > limit:
            return problem_response(TooLarge(limit_bytes=limit))
        return self.get_response(request)


class PagesMiddleware:
    """What pages need and calls of the interface do not: `PAGE_MIDDLEWARE`, the first outermost.

    A call proves who makes it by the token that it carries. So it has no session and no form that
    somebody else could send, and no browser makes a page of its answer.
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
        """Pass the request on, through them where it asks for a page."""
        if request.path.startswith(INTERFACE):
            return self.get_response(request)
        return self._of_pages(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """What the first of them answers in the view's place, if any does."""
        if request.path.startswith(INTERFACE):
            return None
        answers = (process(request, view, args, kwargs) for process in self._views)
        return next((answer for answer in answers if answer is not None), None)


class RefusalMiddleware:
    """A page's refusal that no form caught is still a sentence, not a fault of ours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; only what a view raises concerns this middleware."""
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """The refusal as a problem or a page; anything else is left to Django."""
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
    """Chinese first: pages follow the reader's own choice, the interface `Accept-Language`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Activate the language for this request and name it in the answer."""
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

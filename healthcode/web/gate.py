"""Keeping a surge from drowning a process: so many requests at once, the rest go away at once.

A request that nobody waits for any more costs as much as any other, so a queue that grows past
what people wait for makes a busy server a dead one. Turned away, a door judges codes by itself and
sends its scans later, and a phone shows the code it has.
"""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import JsonResponse
from django.utils import translation
from django.utils.html import format_html
from prometheus_client import Counter

from healthcode.web.errors import Busy
from healthcode.web.problems import problem_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RETRY_AFTER_SECONDS: Final = range(2, 9)
"""Those turned away come back spread over this, not all in the same second."""

OPERATORS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Always let in: a process that is merely busy must not be taken for a dead one."""

TURNED_AWAY: Final = Counter(
    "healthcode_requests_turned_away", "Requests answered 503 because too many were at work."
)


@dataclass(frozen=True, slots=True)
class _Refusal:
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Gate:
    """A WSGI application that lets at most `at_once` requests into another at a time.

    It stands before Django, so that a refusal costs next to nothing. It can refuse only what has
    a thread to be refused on: the server needs more threads than `at_once`.
    """

    def __init__(self, application: "WSGIApplication", *, at_once: int) -> None:
        self._application = application
        self._places = threading.Semaphore(at_once)
        # Written once: in a surge there is no time for translations.
        self._documents = {code: _document(code) for code, _name in settings.LANGUAGES}
        self._page = _page()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass the request on, or answer 503 with Retry-After without reading its body."""
        if environ.get("PATH_INFO") in OPERATORS:
            return self._application(environ, start_response)
        if not self._places.acquire(blocking=False):
            return self._refuse(environ, start_response)
        try:
            # What comes back is all there: no view streams its answer.
            return self._application(environ, start_response)
        finally:
            self._places.release()

    def _refuse(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        TURNED_AWAY.inc()
        refusal = self._refusal(environ)
        seconds = random.choice(RETRY_AFTER_SECONDS)  # noqa: S311 - spreads load, guards nothing
        status = HTTPStatus.SERVICE_UNAVAILABLE
        start_response(
            f"{status.value} {status.phrase}",
            [*refusal.headers, ("Retry-After", str(seconds)), ("Cache-Control", "no-store")],
        )
        return [refusal.body]

    def _refusal(self, environ: "WSGIEnvironment") -> _Refusal:
        is_interface = environ.get("PATH_INFO", "").startswith("/api/")
        if not is_interface and "text/html" in environ.get("HTTP_ACCEPT", ""):
            return self._page
        english = environ.get("HTTP_ACCEPT_LANGUAGE", "").lower().startswith("en")
        return self._documents["en" if english else settings.LANGUAGE_CODE]


def _document(language: str) -> _Refusal:
    with translation.override(language):
        answer: JsonResponse = problem_response(Busy())
    del answer["Retry-After"]  # each refusal has its own
    headers = (*answer.items(), ("Content-Language", language))
    return _Refusal((*headers, ("Content-Length", str(len(answer.content)))), answer.content)


def _page() -> _Refusal:
    """A page that needs nothing else from here; in every language, for it knows no reader."""
    parts: list[str] = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            parts.append(
                format_html(
                    '<section lang="{}"><h1>{}</h1><p>{}</p></section>',
                    language,
                    Busy.title,
                    Busy.sentence,
                )
            )
    text = (
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>503</title></head>'
        f"<body>{''.join(parts)}</body></html>"
    )
    body = text.encode()
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("Content-Length", str(len(body))),
    )
    return _Refusal(headers, body)

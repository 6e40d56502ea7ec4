"""Refusals that are written once, because under overload there is no time for Django's rendering.

Their pages load no other files, and contain every language, because the reader's is not known here.
"""

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.html import format_html

from healthcode.web.errors import Busy, Refusal, TooSlow, Unavailable
from healthcode.web.outages import retry_after
from healthcode.web.problems import problem_response, wants_problem
from healthcode.web.wsgi import RawResponse

HttpHeaders = list[tuple[bytes, bytes]]


class Notice:
    """One refusal: a problem document in each language, and one page in all languages."""

    def __init__(self, refusal: type[Refusal]) -> None:
        self._status = refusal.status
        languages = [language for language, _name in settings.LANGUAGES]
        self._documents = {language: _document(refusal, language) for language in languages}
        self._page = _page(refusal)

    def answer(self, path: str, headers: dict[bytes, bytes]) -> RawResponse:
        """Answer this reader, with Retry-After where trying again helps."""
        known, body = self._for(path, headers)
        added: HttpHeaders = []
        if self._status == HTTPStatus.SERVICE_UNAVAILABLE:
            added = [(b"retry-after", str(retry_after()).encode())]
        return RawResponse(self._status, [*known, *added], body)

    def _for(self, path: str, headers: dict[bytes, bytes]) -> tuple[HttpHeaders, bytes]:
        if not path.startswith("/api/") and b"text/html" in headers.get(b"accept", b""):
            return self._page
        english = headers.get(b"accept-language", b"").lower().startswith(b"en")
        return self._documents["en" if english else settings.LANGUAGE_CODE]


class Notices:
    def __init__(self) -> None:
        self.busy: Final = Notice(Busy)
        self.unavailable: Final = Notice(Unavailable)
        self.too_slow: Final = Notice(TooSlow)


def unavailable_response(request: HttpRequest, refusal: Unavailable) -> HttpResponse:
    """Return the same refusal as a Django response, for failures inside Django.

    Its page is the page above, because the usual frame would ask the database who the reader is.
    """
    answer: HttpResponse
    if wants_problem(request):
        answer = problem_response(refusal)
    else:
        answer = HttpResponse(page(type(refusal)), status=refusal.status)
        answer.headers["Retry-After"] = str(refusal.retry_after)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def page(refusal: type[Refusal]) -> str:
    """Make a page that needs neither the database nor the reader's session."""
    parts: list[str] = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            parts.append(
                format_html(
                    '<section lang="{}"><h1>{}</h1><p>{}</p></section>',
                    language,
                    refusal.title,
                    refusal.sentence,
                )
            )
    return (
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{refusal.status}</title>'
        f"</head><body>{''.join(parts)}</body></html>"
    )


def _document(refusal: type[Refusal], language: str) -> tuple[HttpHeaders, bytes]:
    with translation.override(language):
        answer = problem_response(refusal())
    kind, body = answer.headers["Content-Type"].encode(), answer.content
    return _headers(kind, body, (b"content-language", language.encode())), body


def _page(refusal: type[Refusal]) -> tuple[HttpHeaders, bytes]:
    body = page(refusal).encode()
    policy = (b"content-security-policy", b"default-src 'none'")
    return _headers(b"text/html; charset=utf-8", body, policy), body


def _headers(kind: bytes, body: bytes, more: tuple[bytes, bytes]) -> HttpHeaders:
    length = str(len(body)).encode()
    nowhere = (b"cache-control", b"no-store")
    return [(b"content-type", kind), (b"content-length", length), nowhere, more]

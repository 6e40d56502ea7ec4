"""One encoding for all that is sent: UTF-8, whatever decoders the interpreter has.

A request may name its encoding, and frameworks decode by that name. Some decoders need time that
grows with the square of the length, others fail in ways that nobody expects. So a request that
names another is refused here, before anything reads its headers or its body.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

from healthcode.web.errors import UnsupportedMediaType
from healthcode.web.problems import problem_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FILES: Final = frozenset({"/officer/map"})
"""The pages that take files; all others read forms without any."""

MULTIPART: Final = "multipart/"
# What is spelt in any other way is refused: readers of headers do not agree on what it says.
_UTF_8: Final = re.compile(r'charset="?utf-?8"?(?=[; ]|$)')
_EXTENDED: Final = re.compile(rb"\*[0-9*]*[ \t]*=(?!utf-8')", re.IGNORECASE)
_LONGEST_HEADERS: Final = 4096


def is_utf_8(content_type: str) -> bool:
    """Whether a header names no encoding, or UTF-8 in its usual spelling.

    Its parameters may have extended forms (RFC 2231), which name an encoding each; none is needed.
    """
    told = content_type.lower()
    return "*" not in told and told.count("charset") == len(_UTF_8.findall(told))


class OnlyUtf8:
    """A WSGI application that hands on what is UTF-8, and files to the pages that take some."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass the request on, or answer 415."""
        content_type = environ.get("CONTENT_TYPE") or ""
        has_files = content_type.lower().lstrip(" \t").startswith(MULTIPART)
        if is_utf_8(content_type) and (not has_files or environ.get("PATH_INFO") in FILES):
            return self._application(environ, start_response)
        english = environ.get("HTTP_ACCEPT_LANGUAGE", "").lower().startswith("en")
        with translation.override("en" if english else settings.LANGUAGE_CODE):
            answer = problem_response(UnsupportedMediaType())
        status = HTTPStatus(answer.status_code)
        length = ("Content-Length", str(len(answer.content)))
        start_response(f"{status.value} {status.phrase}", [*answer.items(), length])
        return [answer.content]


class PartsMiddleware:
    """The same for the parts of a body that carries files, once it is known who sends it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; the body is not read before the page is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Answer 415 in the page's place where a part names another encoding."""
        if not str(request.content_type).startswith(MULTIPART):
            return None
        boundary = (request.content_params or {}).get("boundary", "").encode()
        if all(map(_is_utf_8, _headers_of_parts(request.body, boundary))):
            return None
        return problem_response(UnsupportedMediaType())


def _headers_of_parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between each delimiter and the empty line after it."""
    delimiter = b"--" + boundary
    begin = body.find(delimiter)
    while boundary and begin >= 0:
        begin += len(delimiter)
        end = body.find(b"\r\n\r\n", begin, begin + _LONGEST_HEADERS)
        if end >= 0:
            yield body[begin:end]
        begin = body.find(delimiter, begin)


def _is_utf_8(headers: bytes) -> bool:
    types = [
        line.decode("latin-1")
        for line in headers.split(b"\r\n")
        if line.lower().lstrip(b" \t").startswith(b"content-type")
    ]
    return not _EXTENDED.search(headers) and all(map(is_utf_8, types))

"""Accept only requests in the encoding UTF-8.

A request may name any encoding that Python has, and frameworks decode by that name. Some decoders
need time that grows with the square of the length. Others raise exceptions that no framework
expects. So a request that names another encoding is refused before anything decodes it.
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
"""The pages that accept files. All other pages accept only forms without files."""

MULTIPART: Final = "multipart/"
# Other spellings are refused, because parsers of headers disagree about their meaning.
_UTF_8: Final = re.compile(r'charset="?utf-?8"?(?=[; ]|$)')
_EXTENDED: Final = re.compile(rb"\*[0-9*]*[ \t]*=(?!utf-8')", re.IGNORECASE)
_LONGEST_HEADERS: Final = 4096


def is_utf_8(content_type: str) -> bool:
    """Tell whether a header names no encoding, or UTF-8 in its usual spelling.

    Extended parameters (RFC 2231) are refused, because each of them can name an encoding.
    """
    told = content_type.lower()
    return "*" not in told and told.count("charset") == len(_UTF_8.findall(told))


class OnlyUtf8:
    """A WSGI application that passes on only UTF-8, and files only to the pages in `FILES`."""

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
    """Refuse other encodings in the parts of a multipart body.

    The check runs after the roles are checked, because it reads the whole body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on. `process_view` checks the body once the page is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Answer 415 instead of the page when a part names another encoding."""
        if not str(request.content_type).startswith(MULTIPART):
            return None
        boundary = (request.content_params or {}).get("boundary", "").encode()
        if all(map(_is_utf_8, _headers_of_parts(request.body, boundary))):
            return None
        return problem_response(UnsupportedMediaType())


def _headers_of_parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Return the headers of each part: what is between a delimiter and the next empty line."""
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

"""Answers that are the same for everybody, so that caches and CDNs may keep them."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response


def published(
    request: HttpRequest, body: bytes, *, content_type: str, max_age: int, is_final: bool = False
) -> HttpResponseBase:
    """Return a public answer, with a hash as ETag, that caches keep for `max_age` seconds.

    `is_final` says that this address never has another answer (RFC 8246).
    """
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type=content_type)
    response.headers["ETag"] = etag
    final = ", immutable" if is_final else ""
    response.headers["Cache-Control"] = f"public, max-age={max_age}{final}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return get_conditional_response(request, etag=etag, response=response) or response

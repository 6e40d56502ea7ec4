"""Answer a repeated request as it was answered first, so that whoever sends it twice acts once.

Programs repeat a request with the same `Idempotency-Key`, as the Internet-Draft
draft-ietf-httpapi-idempotency-key-header says. Browsers repeat a form with the same CSRF token:
Django masks this token anew for every page, so it says from which page the form was sent.

The answer is stored in the transaction of the act. So there is never an act without its answer or
an answer without its act, and a restart forgets neither.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from psycopg2.errors import LockNotAvailable
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.errors import (
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    MalformedIdempotencyKey,
)
from accounts.models import Account, KeptAnswer
from accounts.permissions import account_of
from healthcode.web.advisory_locks import OF_AN_ANSWER
from healthcode.web.errors import Refusal

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(hours=24)
# A String of RFC 8941, section 3.3.3: printable ASCII, in which a backslash stands before each
# quote and backslash.
KEY: Final = re.compile(r'"(?:[ !#-\[\]-~]|\\["\\]){1,255}"')
# The other headers of an answer depend on the address and on the time.
KEPT_HEADERS: Final = ("Content-Type", "Content-Language", "Cache-Control", "Location")
PARAMETER: Final = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": f"^{KEY.pattern}$"},
    OpenApiParameter.HEADER,
    description="A new random text in quotes for each act. Whoever repeats a request with the same "
    "key within 24 hours gets the first answer, and nothing is done twice.",
)


def answered_once(method: Callable[..., Response]) -> Callable[..., HttpResponse]:
    """Let callers of a view's method repeat a request with an `Idempotency-Key`.

    The first answer is kept for `KEPT_FOR` and given again, byte for byte. A repetition that
    arrives while the first request is at work waits for it as long as for any lock. The key belongs
    to the account, so nobody gets the answer of somebody else.

    Refusals are kept too, because a copy that the network delivers late must not do what was
    refused before. Not kept are those after which the caller shall try again (a status from 500 on,
    or `Retry-After`), and those by which the caller may not make the call at all.

    Raises:
        MalformedIdempotencyKey: the key is not a String of RFC 8941 with 1 to 255 characters.
        IdempotencyKeyReused: the account sent another request with this key.
        IdempotencyKeyInUse: the first request with this key is still at work.
    """

    @wraps(method)
    def once(view: APIView, request: Request, **numbers: int) -> HttpResponse:
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return method(view, request, **numbers)
        if not KEY.fullmatch(key):
            raise MalformedIdempotencyKey
        account, digest = account_of(request), _digest(_parts_of_call(request))
        with transaction.atomic():
            kept = _first_answer(account, _digest([key.encode()]), digest)
            if kept.pk is None:
                response = _answer(partial(method, view, request, **numbers), view, request)
                keep(answer=kept, response=response, at=timezone.now())
                return response
        return _again(kept)

    refusals = (MalformedIdempotencyKey, IdempotencyKeyReused, IdempotencyKeyInUse)
    vars(once)["refusals"] = (*vars(method).get("refusals", ()), *refusals)
    return extend_schema(parameters=[PARAMETER])(once)


def sent_once(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a browser send a form of a page twice: a double click, or back and send.

    The second time, the page redirects to where it redirected first. A form with other content is
    another request, even from the same page. An answer that shows the form again is not kept.

    Raises:
        IdempotencyKeyInUse: the first request is still at work.
    """

    @wraps(page)
    def once(request: HttpRequest, **numbers: int) -> HttpResponse:
        # Only callers of tests come without the token; the CSRF check refuses all others.
        if request.method != "POST" or "csrfmiddlewaretoken" not in request.POST:
            return page(request, **numbers)
        digest = _digest(_parts_of_form(request))
        with transaction.atomic():
            kept = _first_answer(account_of(request), digest, digest)
            if kept.pk is None:
                response = page(request, **numbers)
                if response.status_code == 302:
                    keep(answer=kept, response=response, at=timezone.now())
                return response
        return _again(kept)

    return once


def keep(*, answer: KeptAnswer, response: HttpResponse, at: datetime) -> None:
    """Store `response`, in the transaction of the act that it tells of."""
    response.headers.setdefault("Content-Language", get_language() or "")
    answer.status = response.status_code
    answer.headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    answer.body = response.content
    answer.at = at
    answer.save(force_insert=True)


def forget_answers(at: datetime) -> int:
    """Delete the answers that have been kept long enough; return how many."""
    return KeptAnswer.objects.filter(at__lt=at - KEPT_FOR).delete()[0]


def _first_answer(account: Account, key: bytes, request: bytes) -> KeptAnswer:
    """Return the kept answer, or a row that is not stored yet, with the key's lock held.

    Raises:
        IdempotencyKeyReused, IdempotencyKeyInUse: see `answered_once`.
    """
    subject = _digest([str(account.pk).encode(), key])
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {OF_AN_ANSWER}", [int.from_bytes(subject[:8], "big", signed=True)]
            )
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise IdempotencyKeyInUse from error
        raise
    kept = KeptAnswer.objects.filter(account=account, key=key).first()
    if kept is None:
        return KeptAnswer(account=account, key=key, request=request)
    if bytes(kept.request) != request:
        raise IdempotencyKeyReused
    return kept


def _answer(work: Callable[[], Response], view: APIView, request: Request) -> HttpResponse:
    """Return the complete answer of the view, or its refusal if nothing can change it any more."""
    try:
        with transaction.atomic():
            response = work()
    except Exception as error:
        if not _is_final(error):
            raise
        response = view.handle_exception(error)
    # The framework completes an answer after the view; it is no harm to do so twice.
    view.finalize_response(request, response)
    response.render()
    return response


def _is_final(error: Exception) -> bool:
    """Tell whether the error is a refusal that says nothing of trying again."""
    if isinstance(error, Refusal):
        return error.status < 500 and error.retry_after is None
    if isinstance(error, APIException):
        return 400 <= error.status_code < 500 and error.status_code != 429
    return isinstance(error, Http404 | PermissionDenied)


def _again(kept: KeptAnswer) -> HttpResponse:
    return HttpResponse(bytes(kept.body), status=kept.status, headers=kept.headers)


def _parts_of_call(request: Request) -> Iterator[bytes]:
    for text in (request.method, request.get_full_path(), request.content_type):
        yield str(text).encode()
    yield request.body


def _parts_of_form(request: HttpRequest) -> Iterator[bytes]:
    yield request.get_full_path().encode()
    for name, values in sorted(request.POST.lists()):
        yield name.encode()
        yield from (str(value).encode() for value in values)
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield name.encode()
            yield file.read()
            file.seek(0)


def _digest(parts: Iterator[bytes] | list[bytes]) -> bytes:
    """Return one SHA-256 of many parts; the length before each part keeps them apart."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()

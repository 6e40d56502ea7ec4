"""Turn every error of the HTTP interface into a problem document (RFC 9457), from its `Refusal`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from healthcode.web.errors import (
    Forbidden,
    InvalidInput,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    Refusal,
    TooMany,
    UnsupportedMediaType,
)
from healthcode.web.outages import refusal_of

CONTENT_TYPE: Final = "application/problem+json"

FRAMEWORK: Final[Mapping[type[exceptions.APIException], type[Refusal]]] = {
    exceptions.ParseError: MalformedRequest,
    exceptions.NotAuthenticated: NotAuthenticated,
    exceptions.AuthenticationFailed: NotAuthenticated,
    exceptions.PermissionDenied: Forbidden,
    exceptions.NotFound: NotFound,
    exceptions.MethodNotAllowed: MethodNotAllowed,
    exceptions.NotAcceptable: NotAcceptable,
    exceptions.UnsupportedMediaType: UnsupportedMediaType,
}
"""The framework's exceptions as refusals. Throttled and ValidationError need more members."""

FOR_MACHINES: Final = ("/api/", "/.well-known/", "/s/")
"""Clients of these addresses are programs, which read problem documents."""


def type_of(refusal: type[Refusal]) -> str:
    """Return the `type` of its problem documents, which is the address of a page about it."""
    return f"/problems/{refusal.slug}"


def refusal_document(error: Refusal) -> dict[str, object]:
    """Make the problem document of a refusal."""
    return {
        "type": type_of(type(error)),
        "title": str(error.title),
        "status": error.status,
        "detail": str(error.detail),
        **error.members,
    }


def validation_document(error: exceptions.ValidationError) -> dict[str, object]:
    """Make the problem document of input that a serializer refused."""
    return refusal_document(_invalid(error))


def headers_of(error: Refusal) -> dict[str, str]:
    """Return the answer's headers: how to log in, and when to try again."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return headers


def problem_response(error: Refusal) -> JsonResponse:
    """Return a problem document as a Django response, for failures outside the API views."""
    return JsonResponse(
        refusal_document(error),
        status=error.status,
        content_type=error.media_type,
        headers=headers_of(error),
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate a refusal or an exception of the framework; None leaves others to Django."""
    refusal = error if isinstance(error, Refusal) else _refusal_of(error)
    return None if refusal is None else refused(refusal)


def refused(refusal: Refusal) -> Response:
    """Return a refusal as the answer of an API view, which keeps what the view has written."""
    response = Response(
        refusal_document(refusal), status=refusal.status, headers=headers_of(refusal)
    )
    response.content_type = refusal.media_type
    return response


def _refusal_of(error: Exception) -> Refusal | None:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Forbidden()
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, exceptions.Throttled):
        # The type stub of Throttled lacks `wait`.
        return TooMany(str(error.detail), retry_after=int(getattr(error, "wait", None) or 0) + 1)
    for kind, refusal in FRAMEWORK.items():
        if isinstance(error, kind):
            return refusal(str(error.detail))
    return refusal_of(error)


def _invalid(error: exceptions.ValidationError) -> InvalidInput:
    return InvalidInput(errors=list(flatten(error.detail)))


def flatten(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """Turn DRF's nested errors into `{pointer, detail}`, with JSON pointers (RFC 6901)."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from flatten(
                value, pointer if key == "non_field_errors" else f"{pointer}/{escape(str(key))}"
            )
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, value in enumerate(detail):
            yield from flatten(value, f"{pointer}/{index}")
    elif isinstance(detail, list):
        for item in detail:
            yield {"pointer": pointer, "detail": str(item)}
    else:
        yield {"pointer": pointer, "detail": str(detail)}


def escape(key: str) -> str:
    """Escape a member's name as one token of a JSON pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def wants_problem(request: HttpRequest) -> bool:
    """Tell whether the client is a program, and not somebody who reads a page."""
    return request.path.startswith(FOR_MACHINES)

"""Every error of the HTTP interface as a problem document (RFC 9457)."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from healthcode.web.errors import Refusal

CONTENT_TYPE = "application/problem+json"

# Slug and title of what the framework itself refuses, by the exception's class.
FRAMEWORK: list[tuple[type[Exception], str, str | Promise]] = [
    (exceptions.ParseError, "malformed-json", _("The request is not well-formed")),
    (exceptions.NotAuthenticated, "not-authenticated", _("Log in first")),
    (exceptions.AuthenticationFailed, "not-authenticated", _("Log in first")),
    (exceptions.PermissionDenied, "forbidden", _("Not allowed")),
    (exceptions.NotFound, "not-found", _("Not found")),
    (exceptions.MethodNotAllowed, "method-not-allowed", _("Method not allowed")),
    (exceptions.NotAcceptable, "not-acceptable", _("Not available in that form")),
    (exceptions.UnsupportedMediaType, "unsupported-media-type", _("Unsupported media type")),
    (exceptions.Throttled, "too-many-requests", _("Too many requests")),
]


def document(
    slug: str, title: str | Promise, status: int, detail: str | Promise, **members: object
) -> dict[str, object]:
    """The members of a problem document; `type` is `/problems/<slug>`, explained at that page."""
    return {
        "type": f"/problems/{slug}",
        "title": str(title),
        "status": status,
        "detail": str(detail),
        **members,
    }


def problem_response(
    slug: str, title: str | Promise, status: int, detail: str | Promise, **members: object
) -> JsonResponse:
    """A problem document as Django's response, for what fails outside the API views."""
    return JsonResponse(
        document(slug, title, status, detail, **members), status=status, content_type=CONTENT_TYPE
    )


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate a domain refusal or a framework exception; None leaves the rest to Django."""
    headers: dict[str, str] = {}
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, Refusal):
        body = refusal_document(error)
        if "retry_after" in error.members:
            headers["Retry-After"] = str(error.members["retry_after"])
    elif isinstance(error, exceptions.ValidationError):
        body = validation_document(error)
    elif isinstance(error, exceptions.APIException):
        body = _framework_document(error)
        wait = getattr(error, "wait", None)  # of Throttled; its stub does not know it
        if wait is not None:
            headers["Retry-After"] = str(int(wait) + 1)
    else:
        return None
    if body["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    response = Response(body, status=_status(body), headers=headers)
    response.content_type = CONTENT_TYPE
    return response


def refusal_document(error: Refusal) -> dict[str, object]:
    """The problem document of a domain refusal."""
    return document(error.slug, error.title, error.status, error.detail, **error.members)


def validation_document(error: exceptions.ValidationError) -> dict[str, object]:
    """The problem document of input that a serializer refused."""
    return document(
        "invalid-input",
        _("Please correct the input"),
        422,
        _("Some members of the request are missing or wrong; `errors` says which and why."),
        errors=list(flatten(error.detail)),
    )


def flatten(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error detail as `{pointer, detail}`, with JSON pointers (RFC 6901)."""
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
    """A member's name as one token of a JSON pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _framework_document(error: exceptions.APIException) -> dict[str, object]:
    for kind, slug, title in FRAMEWORK:
        if isinstance(error, kind):
            return document(slug, title, error.status_code, str(error.detail))
    return document("refused", gettext("This cannot be done"), error.status_code, str(error.detail))


def _status(body: dict[str, object]) -> int:
    status = body["status"]
    assert isinstance(status, int)  # noqa: S101  narrows the type; document() put it there
    return status


def wants_problem(request: HttpRequest) -> bool:
    """Whether this request came to the HTTP interface rather than to a page."""
    return request.path.startswith("/api/")

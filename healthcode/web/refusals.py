"""List all refusals, and tell which of them a call of the interface can answer.

A view declares with `refuses` what its method refuses. Rules add what every call with a body, a
token or a number in its address can be refused for.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from django.utils.functional import Promise
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.views import APIView

from healthcode.web.errors import (
    Busy,
    Forbidden,
    InvalidInput,
    LengthRequired,
    MalformedRequest,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    Refusal,
    ServerError,
    TooLarge,
    TooSlow,
    Unavailable,
    UnsupportedMediaType,
)

Method = TypeVar("Method", bound=Callable[..., Any])

EVERY_CALL: Final = (NotAcceptable, LengthRequired, TooLarge, ServerError, Busy, Unavailable)
"""Every call can be refused for these: before any view runs, or because the service has a fault."""
_OPEN: Final = (AllowAny, IsAuthenticated)
WITH_A_BODY: Final = (MalformedRequest, TooSlow, UnsupportedMediaType, InvalidInput)


def refuses(*refusals: type[Refusal]) -> Callable[[Method], Method]:
    """Declare what a view's method refuses, beyond what the rules add."""

    def declare(method: Method) -> Method:
        method.refusals = refusals  # type: ignore[attr-defined]  # functions carry attributes
        return method

    return declare


def refusals_of(view: APIView, operation: dict[str, Any], method: str) -> set[type[Refusal]]:
    """Return what a call can be refused for; `operation` is its description so far (OpenAPI)."""
    found: set[type[Refusal]] = {*EVERY_CALL}
    found.update(getattr(getattr(view, method.lower()), "refusals", ()))
    if view.get_authenticators():
        found.add(NotAuthenticated)
    if any(not isinstance(one, _OPEN) for one in view.get_permissions()):
        found.add(Forbidden)
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "path" in places:
        found.add(NotFound)
    if "query" in places:
        found.add(InvalidInput)
    if "requestBody" in operation:
        found.update(WITH_A_BODY)
    return found


def every_refusal() -> Iterator[type[Refusal]]:
    """Return every class that has a slug of its own, in no particular order."""
    pending = list(Refusal.__subclasses__())
    while pending:
        refusal = pending.pop()
        pending.extend(refusal.__subclasses__())
        if "slug" in vars(refusal):
            yield refusal


def refusals_by_slug() -> dict[str, type[Refusal]]:
    """Return the refusals by slug."""
    return {refusal.slug: refusal for refusal in every_refusal()}


def sentence_of(refusal: type[Refusal]) -> str | Promise:
    """Return the sentence of a refusal; "" if each instance has a different one."""
    return getattr(refusal, "sentence", "")

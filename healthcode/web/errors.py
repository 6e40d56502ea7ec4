"""Errors of the domain: raised inside the rooms, translated once at the edge.

A room derives its own errors from `Refusal`: one class for each thing that is refused. Its slug
becomes the `type` of the problem document (RFC 9457), its sentence tells the person what to do. The
interface's description (OpenAPI), problem documents and docs/reference/refusals.md are made from
these classes.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_FAULT: Final = {
    "type": "object",
    "properties": {
        "pointer": {"type": "string", "description": "The member, as a JSON pointer (RFC 6901)."},
        "detail": {"type": "string"},
    },
    "required": ["pointer", "detail"],
}
FAULTS: Final[Mapping[str, Any]] = {"type": "array", "items": _FAULT}
"""Each member of the request that is wrong, and why."""


class Refusal(Exception):
    """What was asked cannot be done, for a reason the asker can act on.

    A class of its own has `slug`, `status` and `title`. It has a `sentence` unless each of its
    refusals says something else; `extensions` are the further members of its problem documents
    (RFC 9457, section 3.2) as JSON Schema, and `retry_after` the seconds after which to try again,
    where that is known.

    Args:
        detail: one sentence for the person, without personal data; translated when shown. The
            class's own when left out.
        members: what the document says beyond; named in `extensions`.
    """

    slug: ClassVar[str]
    status: ClassVar[int] = 422
    title: ClassVar[str | Promise]
    sentence: ClassVar[str | Promise]
    extensions: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    media_type: ClassVar[str] = "application/problem+json"
    retry_after: int | None = None

    def __init__(self, detail: str | Promise | None = None, **members: object) -> None:
        super().__init__(str(self.slug))
        self.detail = self.sentence if detail is None else detail
        self.members = members


class MalformedRequest(Refusal):
    """The body cannot be read at all."""

    slug = "malformed-json"
    status = 400
    title = _("The request is not well-formed")


class NotAuthenticated(Refusal):
    """No token, or one that counts no longer."""

    slug = "not-authenticated"
    status = 401
    title = _("Please log in first")


class Forbidden(Refusal):
    """The asker is known and may not do this."""

    slug = "forbidden"
    status = 403
    title = _("Not allowed")
    sentence = _("Please log in with an account that may do this.")


class StaleForm(Refusal):
    """A page's form that came without its token, mostly because it lay open too long."""

    slug = "stale-form"
    status = 403
    title = _("This form has expired")
    sentence = _(
        "Please go back, reload the page and send the form again. Your browser must accept cookies."
    )


class NotFound(Refusal):
    """There is no such thing, or it is not for the asker to know."""

    slug = "not-found"
    status = 404
    title = _("Not found")
    sentence = _("It may have moved, or it may belong to someone else.")


class MethodNotAllowed(Refusal):
    """The address is there, and not for this method."""

    slug = "method-not-allowed"
    status = 405
    title = _("Method not allowed")


class NotAcceptable(Refusal):
    """The answer has no form that the asker accepts."""

    slug = "not-acceptable"
    status = 406
    title = _("Not available in that format")


class Conflict(Refusal):
    """The state of things does not allow it."""

    slug = "conflict"
    status = 409
    title = _("This conflicts with existing data")


class LengthRequired(Refusal):
    """A body whose length is not announced."""

    slug = "length-required"
    status = 411
    title = _("Length required")
    sentence = _("Send the request with a Content-Length header.")


class TooLarge(Refusal):
    """A body, or a member of it, that is larger than anything that belongs there."""

    slug = "too-large"
    status = 413
    title = _("Too large")
    sentence = _("The request is too large for this address. Send it in smaller parts.")
    extensions = {"limit_bytes": {"type": "integer"}}


class UnsupportedMediaType(Refusal):
    """A body of a media type that this address does not read."""

    slug = "unsupported-media-type"
    status = 415
    title = _("Unsupported media type")
    sentence = _("Send the body in UTF-8 and in a media type that this address accepts.")


class InvalidInput(Refusal):
    """The input is well-formed and wrong; `errors` lists each fault with a JSON pointer."""

    slug = "invalid-input"
    status = 422
    title = _("Please correct the input")
    sentence = _(
        "Some members of the request are missing or wrong. `errors` lists each of them with the "
        "reason."
    )
    extensions = {"errors": FAULTS}


class TooMany(Refusal):
    """Too many requests; `retry_after` says after how many seconds to try again."""

    slug = "too-many-requests"
    status = 429
    title = _("Too many requests")
    extensions = {"retry_after": {"type": "integer"}}

    def __init__(
        self, detail: str | Promise | None = None, *, retry_after: int, **members: object
    ) -> None:
        super().__init__(detail, retry_after=retry_after, **members)
        self.retry_after = retry_after


class ServerError(Refusal):
    """A fault of ours; says nothing about its inside."""

    slug = "server-error"
    status = 500
    title = _("Something went wrong on our side")
    sentence = _(
        "Please try again in a moment. A code that you have already opened or printed stays "
        "valid until the time shown on it."
    )


class Busy(Refusal):
    """More requests at once than a process takes; nothing was done."""

    slug = "busy"
    status = 503
    title = _("Too busy at the moment")
    sentence = _(
        "Many people are using the service right now. Please try again in a few seconds. A "
        "code that you have already opened or printed stays valid until the time shown on it."
    )
    retry_after = 8


class Unavailable(Refusal):
    """The database does not do its part in time; nothing is known to be done."""

    slug = "unavailable"
    status = 503
    title = _("Not available at the moment")
    sentence = _(
        "The service cannot do this right now. Please try again in a few seconds. A code "
        "that you have already opened or printed stays valid until the time shown on it."
    )
    retry_after = 8


class TooSlow(Refusal):
    """A body that did not come in time."""

    slug = "too-slow"
    status = 408
    title = _("Too slow")
    sentence = _(
        "The request did not arrive in time. Please send it again over a better connection."
    )

"""The refusals of the service: the reasons why it does not do what a caller asks.

Each refusal is a class derived from `Refusal`. Other packages raise refusals; this package turns
them into answers or pages. The slug of a refusal becomes the `type` of the problem document (RFC
9457). The sentence tells the person what to do. The OpenAPI description, the problem documents and
docs/reference/refusals.md are made from these classes.
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
"""Each wrong member of the request, with the reason."""


class Refusal(Exception):
    """The service refuses a request, for a reason that the caller can act on.

    Each subclass is one kind of refusal. It defines `slug`, `status`, `title` and usually
    `sentence`, the default for `detail`. `extensions` describes further members of the problem
    document (RFC 9457, section 3.2) as JSON Schema. `retry_after` is the number of seconds after
    which to try again, if known.

    Args:
        detail: one sentence for the person, without personal data. It is translated when it is
            shown.
        members: the values of the members that `extensions` describes.
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
    """The call has no token, or one that is no longer valid."""

    slug = "not-authenticated"
    status = 401
    title = _("Please log in first")


class Forbidden(Refusal):
    """The caller is known but may not do this."""

    slug = "forbidden"
    status = 403
    title = _("Not allowed")
    sentence = _("Please log in with an account that may do this.")


class StaleForm(Refusal):
    """A form of a page came without its CSRF token, mostly because the page was open too long."""

    slug = "stale-form"
    status = 403
    title = _("This form has expired")
    sentence = _(
        "Please go back, reload the page and send the form again. Your browser must accept cookies."
    )


class NotFound(Refusal):
    """There is no such thing, or the caller may not know that there is."""

    slug = "not-found"
    status = 404
    title = _("Not found")
    sentence = _("It may have moved, or it may belong to someone else.")


class MethodNotAllowed(Refusal):
    """The address exists but does not support this method."""

    slug = "method-not-allowed"
    status = 405
    title = _("Method not allowed")


class NotAcceptable(Refusal):
    """The answer is not available in any media type that the caller accepts."""

    slug = "not-acceptable"
    status = 406
    title = _("Not available in that format")


class Conflict(Refusal):
    """The present state of the data does not allow it."""

    slug = "conflict"
    status = 409
    title = _("This conflicts with existing data")


class LengthRequired(Refusal):
    """The request does not announce the length of its body."""

    slug = "length-required"
    status = 411
    title = _("Length required")
    sentence = _("Send the request with a Content-Length header.")


class TooLarge(Refusal):
    """The body, or one of its members, is larger than this address needs."""

    slug = "too-large"
    status = 413
    title = _("Too large")
    sentence = _("The request is too large for this address. Send it in smaller parts.")
    extensions = {"limit_bytes": {"type": "integer"}}


class UnsupportedMediaType(Refusal):
    """This address does not read bodies of this media type."""

    slug = "unsupported-media-type"
    status = 415
    title = _("Unsupported media type")
    sentence = _("Send the body in UTF-8 and in a media type that this address accepts.")


class InvalidInput(Refusal):
    """The input is well-formed but wrong; `errors` lists each fault with a JSON pointer."""

    slug = "invalid-input"
    status = 422
    title = _("Please correct the input")
    sentence = _(
        "Some members of the request are missing or wrong. `errors` lists each of them with the "
        "reason."
    )
    extensions = {"errors": FAULTS}


class TooMany(Refusal):
    """The caller made too many requests; `retry_after` says after how many seconds to try again."""

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
    """The service has a fault. The answer tells nothing about it."""

    slug = "server-error"
    status = 500
    title = _("Something went wrong on our side")
    sentence = _(
        "Please try again in a moment. A code that you have already opened or printed stays "
        "valid until the time shown on it."
    )


class Busy(Refusal):
    """All threads for this kind of call are busy, so nothing was done."""

    slug = "busy"
    status = 503
    title = _("Too busy at the moment")
    sentence = _(
        "Many people are using the service right now. Please try again in a few seconds. A "
        "code that you have already opened or printed stays valid until the time shown on it."
    )
    retry_after = 8


class Unavailable(Refusal):
    """The database did not answer in time. It may or may not have done what was asked."""

    slug = "unavailable"
    status = 503
    title = _("Not available at the moment")
    sentence = _(
        "The service cannot do this right now. Please try again in a few seconds. A code "
        "that you have already opened or printed stays valid until the time shown on it."
    )
    retry_after = 8


class TooSlow(Refusal):
    """The body did not arrive in time."""

    slug = "too-slow"
    status = 408
    title = _("Too slow")
    sentence = _(
        "The request did not arrive in time. Please send it again over a better connection."
    )

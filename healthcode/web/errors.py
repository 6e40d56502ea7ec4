"""Errors of the domain: raised inside the rooms, translated once at the edge.

A room derives its own errors from `Refusal`. Each has a stable slug, which becomes the `type` of
the problem document (RFC 9457), and a sentence that tells the person what to do.
"""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """What was asked cannot be done, for a reason the asker can act on.

    Args:
        detail: one sentence for the person, without personal data; translated when shown.
        members: further members of the problem document (RFC 9457, section 3.2).
    """

    slug: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    title: ClassVar[str | Promise] = _("This cannot be done")

    def __init__(self, detail: str | Promise, **members: object) -> None:
        super().__init__(str(self.slug))
        self.detail = detail
        self.members = members


class NotFound(Refusal):
    """There is no such thing, or it is not for the asker to know."""

    slug = "not-found"
    status = 404
    title = _("Not found")


class Forbidden(Refusal):
    """The asker is known and may not do this."""

    slug = "forbidden"
    status = 403
    title = _("Not allowed")


class InvalidInput(Refusal):
    """The input is well-formed and wrong; `errors` lists each fault with a JSON pointer."""

    slug = "invalid-input"
    status = 422
    title = _("Please correct the input")


class Conflict(Refusal):
    """The state of things does not allow it."""

    slug = "conflict"
    status = 409
    title = _("This conflicts with what is already there")


class TooMany(Refusal):
    """Too many requests; `retry_after` says after how many seconds to try again."""

    slug = "too-many-requests"
    status = 429
    title = _("Too many requests")

    def __init__(self, detail: str | Promise, *, retry_after: int, **members: object) -> None:
        super().__init__(detail, retry_after=retry_after, **members)
        self.retry_after = retry_after

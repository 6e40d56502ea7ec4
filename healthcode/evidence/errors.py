"""What this room refuses, and the sentence that goes with it."""

from django.utils.translation import gettext_lazy as _

from healthcode.core.errors import CoreError
from healthcode.web.errors import Conflict, Refusal


class AlreadyCheckedIn(Conflict):
    """A person checks in once a day, counted in Shanghai."""

    slug = "already-checked-in"
    title = _("Already checked in today")

    def __init__(self) -> None:
        super().__init__(_("Today's check-in is already there; come back tomorrow."))


class AlreadyWithdrawn(Conflict):
    """Evidence is withdrawn once; the first act stands."""

    slug = "already-withdrawn"
    title = _("Already withdrawn")

    def __init__(self) -> None:
        super().__init__(_("This evidence has been withdrawn before; nothing needs to be done."))


class ReferenceTaken(Conflict):
    """A source's reference names one fact for good."""

    slug = "reference-taken"
    title = _("Reference already used")

    def __init__(self) -> None:
        super().__init__(
            _(
                "This reference already names a different fact. Send the fact with a reference "
                "of its own, or ask an officer to withdraw the earlier one."
            )
        )


class UnknownPerson(Refusal):
    """A source names somebody who is not registered."""

    slug = "unknown-person"
    title = _("Unknown person")

    def __init__(self) -> None:
        super().__init__(
            _("Nobody is registered under this number or document. Check it for slips.")
        )


class TooManyLines(Refusal):
    """One report is one transaction and one answer; both have their limits."""

    slug = "too-many-lines"
    status = 413
    title = _("Too many lines")

    def __init__(self, limit: int) -> None:
        super().__init__(
            _("The report has too many lines; send it in several parts."), limit_lines=limit
        )


class MalformedLine(CoreError):
    """A line of NDJSON is not JSON; the report says so beside its number."""

"""What this room refuses, with sentences for the officer who asked."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class NotACase(Refusal):
    """Contacts are traced from a case that stands."""

    slug = "not-a-case"
    title = _("This is not a case")
    sentence = _("Give the evidence number of a confirmed case that has not been withdrawn.")


class NotPlacedYet(Conflict):
    """The scans have not been resolved yet, so contacts would be missing."""

    slug = "not-placed-yet"
    title = _("The scans are still being searched")
    sentence = _("The scans around this case are still being searched. Try again in a moment.")


class AlreadyConfirmed(Conflict):
    """The contacts of this inquiry are evidence already."""

    slug = "already-confirmed"
    title = _("These contacts are already confirmed")
    sentence = _("These contacts are already confirmed. To add more, open a new inquiry.")


class ChainChanged(Conflict):
    """What would be confirmed is not what was looked at."""

    slug = "chain-changed"
    title = _("The chain of contacts has changed")
    sentence = _(
        "The chain of contacts or its numbers have changed since you saw them. Please check them "
        "again."
    )

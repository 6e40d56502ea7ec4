"""What this room refuses, with sentences for the officer who asked."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class NotACase(Refusal):
    """Contacts are traced from a case that stands."""

    slug = "not-a-case"
    title = _("This is not a case")
    sentence = _("Give the number of a confirmed case that has not been withdrawn.")


class NotPlacedYet(Conflict):
    """The scans have not been resolved yet, so contacts would be missing."""

    slug = "not-placed-yet"
    title = _("The scans are still being searched")
    sentence = _("The scans of this case are still being searched. Try again soon.")


class AlreadyConfirmed(Conflict):
    """The contacts of this inquiry are evidence already."""

    slug = "already-confirmed"
    title = _("These contacts were confirmed before")
    sentence = _("These contacts were confirmed before. Open a new inquiry to add more.")


class ChainChanged(Conflict):
    """What would be confirmed is not what was looked at."""

    slug = "chain-changed"
    title = _("The chain has changed")
    sentence = _(
        "The chain or its numbers have changed since you looked at them. Please check again."
    )

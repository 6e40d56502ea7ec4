"""The refusals of tracing: each class has a title and a sentence for the officer."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class NotACase(Refusal):
    """The evidence is not a confirmed or asymptomatic case, or it was withdrawn."""

    slug = "not-a-case"
    title = _("This is not a case")
    sentence = _("Give the evidence number of a confirmed case that has not been withdrawn.")


class NotPlacedYet(Conflict):
    """A worker has not yet found the people behind the scans, so contacts would be missing."""

    slug = "not-placed-yet"
    title = _("The scans are still being searched")
    sentence = _("The scans around this case are still being searched. Try again in a moment.")
    retry_after = 2


class AlreadyConfirmed(Conflict):
    """The contacts of this inquiry were recorded as evidence before."""

    slug = "already-confirmed"
    title = _("These contacts are already confirmed")
    sentence = _("These contacts are already confirmed. To add more, open a new inquiry.")


class ChainChanged(Conflict):
    """The chain is no longer the one that the officer saw, so it is not confirmed."""

    slug = "chain-changed"
    title = _("The chain of contacts has changed")
    sentence = _(
        "The chain of contacts or its numbers have changed since you saw them. Please check them "
        "again."
    )

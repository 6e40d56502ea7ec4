"""The refusals of a confirmation: each class has a title and a sentence for the officer."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Forbidden


class ProposalDecided(Conflict):
    """Somebody has confirmed or withdrawn the proposal before."""

    slug = "proposal-decided"
    title = _("This proposal is already decided")


class ProposalExpired(Conflict):
    """The time in which the proposal could be confirmed is over."""

    slug = "proposal-expired"
    title = _("This proposal has expired")
    sentence = _(
        "Nobody confirmed this proposal within 24 hours, so it has expired. Nothing was done. If "
        "it is still needed, propose it again."
    )


class OwnProposal(Forbidden):
    """Whoever proposed something cannot confirm it."""

    slug = "own-proposal"
    title = _("You proposed this yourself")
    sentence = _("You proposed this yourself. Somebody else must confirm it.")


class GrantedByProposer(Forbidden):
    """The proposer has made a grant of the confirming account within the last week."""

    slug = "granted-by-proposer"
    title = _("You cannot confirm this")
    sentence = _(
        "Whoever proposed this gave you your authority within the last 7 days. Somebody else must "
        "confirm it."
    )


class ProposerMayNot(Conflict):
    """The proposer's account is closed, or its authority no longer covers the act."""

    slug = "proposer-may-not"
    title = _("The proposer may no longer do this")
    sentence = _(
        "Whoever proposed this may no longer do it. Nothing was done. If it is still needed, "
        "somebody else must propose it."
    )


class PreviewChanged(Conflict):
    """The act would no longer do what the preview shows."""

    slug = "preview-changed"
    title = _("The preview has changed")
    sentence = _(
        "This would no longer do exactly what the proposal shows, because levels, facts or numbers "
        "of people have changed since. Nothing was done. If it is still needed, propose it again."
    )

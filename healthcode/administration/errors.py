"""The refusals of administration: each class has a title and a sentence."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class OwnTokensOnly(Conflict):
    """An administrator gives tokens to machines only."""

    slug = "own-tokens-only"
    title = _("People make their tokens themselves")
    sentence = _(
        "This account is a person's. The person logs in and makes a token under /staff/token; it "
        "is valid for 12 hours. Only a system gets a token from an administrator."
    )


class LastAdministrator(Conflict):
    """An area would have no administrator any more."""

    slug = "last-administrator"
    title = _("This is the last administrator")
    sentence = _(
        "Nobody else administers all areas of this account. First give another account the role "
        "of an administrator there."
    )


class NoPassword(Conflict):
    """The account belongs to no person, so it has no password that could be chosen anew."""

    slug = "no-password"
    title = _("This account has no password")
    sentence = _("This account has no password, because it is no person's.")

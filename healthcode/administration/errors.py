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
        "Nobody else who has a password administers this area without an end date. First give "
        "another account the role of an administrator there, without an end date, and let its "
        "owner choose a password."
    )


class RoleEnded(Conflict):
    """The role does not hold any more, so nobody can take it back."""

    slug = "role-ended"
    title = _("This role has ended already")
    sentence = _("This account does not have this role any more. There is nothing to take back.")


class NoPassword(Conflict):
    """The account belongs to no person, so it has no password that could be chosen anew."""

    slug = "no-password"
    title = _("This account has no password")
    sentence = _("This account has no password, because it is no person's.")


class OwnPassword(Conflict):
    """Whoever has their own password set anew could not log in to see the link."""

    slug = "own-password"
    title = _("This is your own account")
    sentence = _(
        "With your password your login ends, so you could not see the link for a new one. Ask "
        "another administrator to have your password set anew."
    )


class PartnerKnown(Conflict):
    """A partner's system of this name is admitted, and must not be changed by mistake."""

    slug = "partner-known"
    title = _("This system is admitted already")
    sentence = _("A system of this name is admitted already. Open it in the list to change it.")

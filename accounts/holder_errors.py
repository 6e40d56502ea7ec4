"""The refusals about whose account, telephone or person it is (docs/reference/refusals.md)."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict


class PhoneInUse(Conflict):
    """People are registered with the number that another account is to have, or staff have it."""

    slug = "phone-in-use"
    title = _("Somebody is registered with this phone number")
    sentence = _(
        "Somebody is already registered with the new phone number. Log in with that number, let "
        "this account look after those people too, and let go of them there; or erase their data. "
        "Then change the number here. A service desk helps, too. Call 12345 to ask where."
    )


class PhoneJustChanged(Conflict):
    """The account's telephone was changed after this change had begun."""

    slug = "phone-just-changed"
    title = _("The phone number has just been changed")
    sentence = _(
        "The phone number of this account was changed a moment ago. Log in with the new number. If "
        "it was not you who changed it, show your document at a service desk. Call 12345 to ask "
        "where."
    )


class NameDiffers(Conflict):
    """An officer typed another name than the one that is registered with the document."""

    slug = "name-differs"
    title = _("Another name is registered with this document")
    sentence = _(
        "The name in the document is not the one that is registered with this number. Compare type "
        "and number with the document once more. If they are right, the registered name must be "
        "corrected first."
    )


class NoAccountOfTheirOwn(Conflict):
    """No account is proven to be the one of this person, so it has no telephone to change."""

    slug = "no-account-of-their-own"
    title = _("No account is proven to be this person's own")
    sentence = _(
        "It is not proven that an account is this person's own. Let the person log in with the new "
        "phone, and then record at “See a document” that you have seen theirs."
    )


class LastGuardian(Conflict):
    """Nobody else is proven to look after the person, so this guardianship cannot end."""

    slug = "last-guardian"
    title = _("Nobody else is proven to look after this person")
    sentence = _(
        "Nobody else is proven to look after this person, who would have no code then. First let "
        "the other person join with a code, or show the document at a service desk. Call 12345 to "
        "ask where."
    )


class OwnPerson(Conflict):
    """Nobody lets go of themselves."""

    slug = "own-person"
    title = _("This is your own health code")
    sentence = _(
        "This is your own health code. You can erase your data while it is green. If it is not "
        "your own, go to a service desk. Call 12345 to ask where."
    )

"""The refusals about whose account, telephone or person it is (docs/reference/refusals.md)."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, InvalidInput, Refusal


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


class WrongGuardianCode(InvalidInput):
    """Nobody made this guardian code, or it ended more than a day ago."""

    slug = "wrong-guardian-code"
    title = _("Wrong code")
    sentence = _("This code is not right. Please compare it with the one on the other phone.")

    def __init__(self) -> None:
        super().__init__(errors=[{"pointer": "/code", "detail": self.sentence}])


class GuardianCodeUsed(Refusal):
    """An account has joined with this guardian code."""

    slug = "guardian-code-used"
    status = 410
    title = _("This code has been used")
    sentence = _(
        "Somebody has joined with this code already. Please ask for a new code on the other phone."
    )


class GuardianCodeWithdrawn(Refusal):
    """Whoever made the guardian code has withdrawn or replaced it, or is no longer a guardian."""

    slug = "guardian-code-withdrawn"
    status = 410
    title = _("This code no longer counts")
    sentence = _(
        "This code was withdrawn or replaced. Please ask for a new code on the other phone."
    )


class GuardianCodeExpired(Refusal):
    """The hour of the guardian code is over."""

    slug = "guardian-code-expired"
    status = 410
    title = _("This code has expired")
    sentence = _(
        "This code was valid for one hour, which is over. Please ask for a new code on the other "
        "phone."
    )


class OwnGuardianCode(Conflict):
    """The account that made a guardian code enters it."""

    slug = "own-guardian-code"
    title = _("This is your own code")
    sentence = _(
        "You made this code yourself. Enter it on the phone of the person who is to join, where "
        "they have logged in with their own number."
    )


class AlreadyLookedAfter(Conflict):
    """The account looks after the person of the guardian code, and that is proven."""

    slug = "already-looked-after"
    title = _("You look after this person already")
    sentence = _("You look after this person already. “My codes” shows their code.")


class HasAHolder(Conflict):
    """Somebody wants to join as the person themselves, but another account is the person's own."""

    slug = "has-a-holder"
    title = _("This person has their own phone number here")
    sentence = _(
        "This person has their own phone number here. Please choose Child, Parent or Somebody "
        "else I look after. If it is you and you have a new number, show your document at a "
        "service desk. Call 12345 to ask where."
    )


class MovedOften(Conflict):
    """The person has moved several times lately, and no officer has looked at why."""

    slug = "moved-often"
    title = _("The home was changed lately")
    sentence = _(
        "The home was changed twice within 28 days. To change it again now, go to a service desk "
        "with the document. Call 12345 to ask where."
    )


class NothingToCorrect(Conflict):
    """All that an officer typed stands in the registration already."""

    slug = "nothing-to-correct"
    title = _("There is nothing to correct")
    sentence = _(
        "All of this is registered just as you typed it. Type only what is wrong in the "
        "registration, as it stands in the document."
    )


class TwoRegistrations(Conflict):
    """The document that an officer types as the right one is that of another registration."""

    slug = "two-registrations"
    title = _("This document has a registration of its own")
    sentence = _(
        "This document has a registration of its own. If both are of this person, merge them at "
        "“Two documents of one person”. If not, compare the number with the document again."
    )


class NumberReported(Conflict):
    """Somebody has reported the right document, and nobody has registered it."""

    slug = "number-reported"
    title = _("Something was reported about this document")
    sentence = _(
        "Somebody has already reported something about the right number. Record this person anew "
        "with the right number at “See a document”, and merge both registrations at “Two documents "
        "of one person”, so that everything counts for them. The registration with the wrong "
        "number can be erased once it is green."
    )

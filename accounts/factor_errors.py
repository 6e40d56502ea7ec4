"""The refusals of second factors, each with a stable slug (docs/reference/refusals.md)."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class PasskeyRefused(Refusal):
    """What the browser sent is not a passkey of this account, for this page and this moment."""

    slug = "passkey-refused"
    status = 401
    title = _("This passkey was not accepted")
    sentence = _(
        "We could not accept this passkey. Please try again within five minutes, on this page, and "
        "unlock the passkey with PIN, finger or face."
    )


class PasskeyOfAnother(Conflict):
    """A passkey belongs to one account only."""

    slug = "passkey-of-another"
    title = _("This passkey belongs to another account")
    sentence = _(
        "This passkey belongs to another account. Please use one of your own: each person of the "
        "staff needs their own."
    )


class PasskeyKnown(Conflict):
    """The same passkey cannot be added twice."""

    slug = "passkey-known"
    title = _("This passkey is registered already")
    sentence = _(
        "You have registered this passkey already. To have a second one, use another device or "
        "another security key."
    )


class PasskeyBlocked(Refusal):
    """The passkey was blocked, because there is a copy of it."""

    slug = "passkey-blocked"
    status = 401
    title = _("This passkey is blocked")
    sentence = _(
        "This passkey is blocked, because somebody may have copied it. Please log in with another "
        "passkey or your authenticator app. If you have none, ask your administrator to have your "
        "password set anew."
    )


class PasskeyCloned(PasskeyBlocked):
    """The passkey has signed fewer times than we have seen, so there is a copy of it."""


class TooManyPasskeys(Conflict):
    """An account has only so many passkeys."""

    slug = "too-many-passkeys"
    title = _("You have too many passkeys")
    sentence = _("You have ten passkeys. Please remove one that you no longer need first.")


class AppKnown(Conflict):
    """An account has only one authenticator app."""

    slug = "app-known"
    title = _("You have an authenticator app already")
    sentence = _("You have an authenticator app already. To change to another, remove it first.")


class WrongAppCode(Refusal):
    """The code is not the one that the authenticator app shows, or it was used before."""

    slug = "wrong-app-code"
    status = 401
    title = _("Wrong code of the app")
    sentence = _(
        "This code is wrong, or it was used before. Please wait for the next code of your "
        "authenticator app, and type that one."
    )


class LastFactor(Conflict):
    """Officers and administrators always have a second factor."""

    slug = "last-factor"
    title = _("This is your only second factor")
    sentence = _(
        "Your account cannot be without a second factor. Please add another one first, "
        "then remove this one."
    )

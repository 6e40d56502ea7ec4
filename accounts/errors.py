"""What this room refuses, each with a stable slug (docs/reference/refusals.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import FAULTS, Conflict, Forbidden, InvalidInput, Refusal, TooMany

CODES: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The areas concerned, at most 20.",
}


def invalid(pointer: str, detail: str | Promise) -> InvalidInput:
    """One fault at one member of the input, for the caller to raise."""
    return InvalidInput(detail, errors=[{"pointer": pointer, "detail": detail}])


class DocumentAlreadyRegistered(Conflict):
    """One document, one person, ever. Never says by whom it was registered."""

    slug = "document-already-registered"
    title = _("This document is already registered")
    sentence = _(
        "This document is already registered. If it belongs to you or to someone you look "
        "after, log in with the phone number of that registration, or take the document to a "
        "service desk."
    )


class SelfAlreadyRegistered(Conflict):
    """An account has one person who is its holder."""

    slug = "self-already-registered"
    title = _("You are already registered")
    sentence = _(
        "You are already registered with this phone number. Other people can be added only as "
        "people you look after."
    )


class UnknownArea(InvalidInput):
    """A code that names no division, past or present."""

    slug = "unknown-area"
    title = _("Unknown area")
    sentence = _("No area has this code. Please choose the area from the list of divisions.")
    extensions = {"errors": FAULTS, "codes": CODES}


class EndedArea(InvalidInput):
    """A code that had ended when what it is used for began; the sentence names its successors."""

    slug = "ended-area"
    title = _("This area code is no longer in use")
    extensions = {"errors": FAULTS, "codes": CODES}

    def __init__(self, ended: Sequence[tuple[str, str, str]]) -> None:
        """Take pointer, code and sentence of each use of such a code."""
        super().__init__(
            " ".join(dict.fromkeys(sentence for _pointer, _code, sentence in ended)),
            errors=[{"pointer": pointer, "detail": sentence} for pointer, _, sentence in ended],
            codes=list(dict.fromkeys(code for _pointer, code, _sentence in ended))[:20],
        )


class OutsideYourArea(Forbidden):
    """An officer's authority is an area and all below it."""

    slug = "outside-your-area"
    title = _("Outside your area")
    sentence = _("This is outside the area that you are responsible for.")
    extensions = {"codes": CODES}


class AccountClosed(Forbidden):
    """The account was closed by an administrator."""

    slug = "account-closed"
    title = _("This account is closed")
    sentence = _("This account is closed. A service desk can open it again.")


class WrongCode(Refusal):
    """The one-time code is not the one that was sent last, or it is over."""

    slug = "wrong-code"
    status = 401
    title = _("Wrong login code")
    sentence = _("This login code is wrong or has expired. Please check it, or ask for a new one.")


class WrongPassword(Refusal):
    """Name and password do not belong together; never says which of them is wrong."""

    slug = "wrong-password"
    status = 401
    title = _("Wrong name or password")
    sentence = _("The user name or the password is wrong.")


class CodeVoid(TooMany):
    """Too many wrong attempts at one code."""

    sentence = _(
        "Too many wrong attempts, so this login code no longer works. Please ask for a new one."
    )


class SendingFailed(Refusal):
    """The text message could not be handed over."""

    slug = "cannot-send"
    status = 503
    title = _("The message could not be sent")
    sentence = _("The text message could not be sent. Please try again in a minute.")
    retry_after = 60

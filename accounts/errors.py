"""The refusals of this room, each with a stable slug (docs/reference/refusals.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import (
    FAULTS,
    Conflict,
    Forbidden,
    InvalidInput,
    MalformedRequest,
    Refusal,
    TooMany,
)

DOCUMENT_LAST4: Final = "document_last4"
"""What a step-up asks for: the last four characters of a document number."""

CODES: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The areas concerned, at most 20.",
}


def invalid(pointer: str, detail: str | Promise) -> InvalidInput:
    """Make the refusal of one wrong member of the input; the caller raises it."""
    return InvalidInput(detail, errors=[{"pointer": pointer, "detail": detail}])


class DocumentAlreadyRegistered(Conflict):
    """A document can be registered only once. The refusal never says by whom it was."""

    slug = "document-already-registered"
    title = _("This document is already registered")
    sentence = _(
        "This document is already registered. If it is yours or belongs to someone you look "
        "after, log in with the phone number used then, or with the one that the authority knows "
        "for this document; or take the document to a service desk. Call 12345 to ask where."
    )


class ProofNeeded(Forbidden):
    """The guardianship is only claimed, and what is asked for needs a proof.

    The refusal is the same whatever others reported, and after the week of a claim.
    """

    slug = "proof-needed"
    title = _("Please show that this document is yours")
    sentence = _(
        "So far, this document number has only been typed here. To go on, log in with the phone "
        "number that the authority knows for this document and register it again, or show the "
        "document at a service desk. Call 12345 to ask where."
    )


class NobodyLoggedIn(Refusal):
    """An officer names a phone number with which nobody has logged in."""

    slug = "nobody-logged-in"
    title = _("Nobody has logged in with this phone number")
    sentence = _(
        "Nobody has logged in with this phone number yet. Ask the person to log in first, so that "
        "the number is certain, and send this again."
    )


class SelfAlreadyRegistered(Conflict):
    """An account can have only one holder."""

    slug = "self-already-registered"
    title = _("You are already registered")
    sentence = _(
        "You are already registered with this phone number. To register someone else, choose "
        "Child, Parent or Somebody else I look after."
    )


class UnknownArea(InvalidInput):
    """The code belongs to no division, past or present."""

    slug = "unknown-area"
    title = _("Unknown area")
    sentence = _("We do not know this area. Please choose one from the list.")
    extensions = {"errors": FAULTS, "codes": CODES}


class EndedArea(InvalidInput):
    """The code ended before the time that the input is about; the sentence names successors."""

    slug = "ended-area"
    title = _("This area code is no longer in use")
    extensions = {"errors": FAULTS, "codes": CODES}

    def __init__(self, ended: Sequence[tuple[str, str, str]]) -> None:
        """Take the pointer, the code and the sentence for each use of such a code."""
        super().__init__(
            " ".join(dict.fromkeys(sentence for _pointer, _code, sentence in ended)),
            errors=[{"pointer": pointer, "detail": sentence} for pointer, _, sentence in ended],
            codes=list(dict.fromkeys(code for _pointer, code, _sentence in ended))[:20],
        )


class OutsideYourArea(Forbidden):
    """The officer's authority does not cover this area."""

    slug = "outside-your-area"
    title = _("Outside your area")
    sentence = _("This is outside the area that you are responsible for.")
    extensions = {"codes": CODES}


class MalformedIdempotencyKey(MalformedRequest):
    """The header `Idempotency-Key` has not the form that its draft demands."""

    slug = "malformed-idempotency-key"
    title = _("The Idempotency-Key is not well-formed")
    sentence = _(
        "Write the Idempotency-Key once, in double quotes, with 1 to 255 printable ASCII "
        'characters, such as "8e03978e-40d5-43e8-bc93-6894a57f9324".'
    )


class IdempotencyKeyReused(Refusal):
    """The account has sent another request with this key."""

    slug = "idempotency-key-reused"
    title = _("This Idempotency-Key belongs to another request")
    sentence = _(
        "You have sent another request with this Idempotency-Key. To repeat that request, send it "
        "unchanged. For a new request, choose a new key."
    )


class IdempotencyKeyInUse(Conflict):
    """The first request with this key is still at work."""

    slug = "request-at-work"
    title = _("The first request is still at work")
    sentence = _(
        "We are still working on what you sent the first time. Please send it again in a few "
        "seconds; it will be done only once."
    )
    retry_after = 2


class AccountClosed(Forbidden):
    """An administrator has closed the account."""

    slug = "account-closed"
    title = _("This account is closed")
    sentence = _(
        "This account is closed. A service desk can open it again. Call 12345 to ask where."
    )


class WrongCode(Refusal):
    """The one-time code is not the one that was sent last, or it has expired."""

    slug = "wrong-code"
    status = 401
    title = _("Wrong login code")
    sentence = _("This login code is wrong or has expired. Please check it, or ask for a new one.")


class StepUpNeeded(Forbidden):
    """Somebody must first prove that the account is theirs, and not only the telephone."""

    slug = "step-up-needed"
    title = _("Please confirm that it is you")
    sentence = _(
        "Please confirm that it is you: enter the last four characters of the document number "
        "about which this service asks."
    )
    extensions = {
        "ask": {"type": "string", "enum": [DOCUMENT_LAST4], "description": "What is asked."},
        "step_up": {
            "type": "string",
            "description": "Send it with the answer within ten minutes. Keep it secret.",
        },
    }

    def __init__(self, detail: str, *, step_up: str) -> None:
        """Take the question in words, and the secret text that belongs to it."""
        super().__init__(detail, ask=DOCUMENT_LAST4, step_up=step_up)


class StepUpOver(Refusal):
    """Nobody can answer this question any more."""

    slug = "step-up-over"
    status = 410
    title = _("This took too long")
    sentence = _(
        "The ten minutes for this answer are over, or it was given already. Please begin again."
    )


class WrongDocument(Refusal):
    """The characters are not the last ones of the document number."""

    slug = "wrong-document"
    status = 401
    title = _("These are not the last four characters")
    sentence = _(
        "These are not the last four characters of the document number. Please look at the "
        "document. After five wrong answers, no new device can log in."
    )


class StepUpLocked(Forbidden):
    """There were too many wrong answers since the account proved itself for the last time."""

    slug = "step-up-locked"
    title = _("Too many wrong answers")
    sentence = _(
        "There were too many wrong answers. Open “My codes” on a phone or browser with which you "
        "logged in before, and confirm there that it is you; or take the document to a service "
        "desk. Call 12345 to ask where."
    )


class WrongPassword(Refusal):
    """The name and the password do not belong together. The refusal never says which is wrong."""

    slug = "wrong-password"
    status = 401
    title = _("Wrong name or password")
    sentence = _("The user name or the password is wrong.")


class InvitationOver(Refusal):
    """Nobody can choose a password with this link, or not any more."""

    slug = "invitation-over"
    status = 410
    title = _("This link no longer works")
    sentence = _(
        "This link has been used, or its 72 hours are over. Please ask your administrator for a "
        "new one."
    )


class PeopleAndMachines(Conflict):
    """A role of people and a role of machines do not go together in one account."""

    slug = "people-and-machines"
    title = _("One account cannot be a person's and a system's")
    sentence = _(
        "This account belongs to a person, or to a system, and this role to the other. Please make "
        "another account for this role."
    )


class CodeVoid(TooMany):
    """This code has been tried wrongly too many times."""

    sentence = _(
        "Too many wrong attempts, so this login code no longer works. Please ask for a new one."
    )


class PhoneNotServed(InvalidInput):
    """Codes are not sent to numbers of this country; the sentence names those that are."""

    slug = "phone-not-served"
    title = _("We send no codes to this number")

    def __init__(self, countries: str) -> None:
        """Take the prefixes of the numbers that get codes, in words."""
        sentence = gettext(
            "We send login codes only to phone numbers that begin with %(countries)s. Please use "
            "such a number, or let somebody whom you trust register you from their phone. A "
            "service desk helps, too. Call 12345 to ask where."
        ) % {"countries": countries}
        super().__init__(sentence, errors=[{"pointer": "/phone", "detail": sentence}])


class NoMoreCodes(Refusal):
    """The budget of messages is used up; only devices that are known get codes."""

    slug = "no-more-codes"
    status = 503
    title = _("We cannot send more login codes now")
    sentence = _(
        "So many login codes were requested that we can send no more at the moment. Please log in "
        "with the phone or browser that you used before, or try again later. A code that you have "
        "already opened or printed stays valid until the time shown on it."
    )

    def __init__(self, *, retry_after: int) -> None:
        """Take the seconds until the next budget begins."""
        super().__init__()
        self.retry_after = retry_after


class SendingFailed(Refusal):
    """The sender did not accept the text message."""

    slug = "cannot-send"
    status = 503
    title = _("The message could not be sent")
    sentence = _("The text message could not be sent. Please try again in a minute.")
    retry_after = 60

"""What this room refuses, and the sentence that goes with it."""

from collections.abc import Mapping
from typing import Final, get_args

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.core import Reason
from healthcode.core.dcc import CertificateReason
from healthcode.core.errors import CoreError
from healthcode.web.errors import Conflict, Refusal

DOUBTS: Final = [doubt.value for doubt in get_args(CertificateReason)]


class AlreadyCheckedIn(Conflict):
    """A person checks in once a day, counted in Shanghai."""

    slug = "already-checked-in"
    title = _("Already checked in today")
    sentence = _("Today's check-in is already there; come back tomorrow.")


class AlreadyWithdrawn(Conflict):
    """Evidence is withdrawn once; the first act stands."""

    slug = "already-withdrawn"
    title = _("Already withdrawn")
    sentence = _("This evidence has been withdrawn before; nothing needs to be done.")


class ReferenceTaken(Conflict):
    """A source's reference names one fact for good."""

    slug = "reference-taken"
    title = _("Reference already used")
    sentence = _(
        "This reference already names a different fact. Send the fact with a reference "
        "of its own, or ask an officer to withdraw the earlier one."
    )


class UnknownPerson(Refusal):
    """A source names somebody who is not registered."""

    slug = "unknown-person"
    title = _("Unknown person")
    sentence = _("Nobody is registered under this number or document. Check it for slips.")


class TooManyLines(Refusal):
    """One report is one transaction and one answer; both have their limits."""

    slug = "too-many-lines"
    status = 413
    title = _("Too many lines")
    sentence = _("The report has too many lines; send it in several parts.")
    extensions = {"limit_lines": {"type": "integer"}}

    def __init__(self, limit: int) -> None:
        super().__init__(limit_lines=limit)


class MalformedLine(CoreError):
    """A line of NDJSON is not JSON; the report says so beside its number."""


class NotACertificate(Refusal):
    """A text that is no EU certificate, or only a part of one."""

    slug = "not-a-certificate"
    title = _("Not an EU certificate")
    sentence = _(
        "This is no EU certificate, or not the whole of it: its text begins with HC1: and "
        "runs to several hundred characters. Read its picture again, or copy all of it."
    )


class CertificateRefused(Refusal):
    """A certificate that is not believed here and now, for the reason of the closed list."""

    slug = "certificate-refused"
    title = _("The certificate is not accepted")
    extensions = {"reason": {"type": "string", "enum": DOUBTS}}

    def __init__(self, reason: CertificateReason) -> None:
        super().__init__(_REFUSED[reason], reason=reason.value)


_UNKNOWN_SIGNER: Final = _(
    "Certificates of this issuer cannot be checked here so far. Ask on 12345 whether that will "
    "change, or have the test done at a station here, which reports it by itself."
)
_REFUSED: Final[Mapping[CertificateReason, Promise]] = {
    Reason.UNKNOWN_ISSUER: _UNKNOWN_SIGNER,
    Reason.UNKNOWN_KEY: _UNKNOWN_SIGNER,
    Reason.BAD_SIGNATURE: _(
        "This certificate is not signed by who may attest this, or it was changed. Open the "
        "original in the app that it came with, and read that one."
    ),
    Reason.EXPIRED: _(
        "This certificate has expired. Get a new one from who issued it, or have a test done at a "
        "station here."
    ),
    Reason.NOT_YET_VALID: _(
        "This certificate is not valid yet. Hand it in again from the day that it names on."
    ),
}


class CertificateSaysNothing(Refusal):
    """Genuine, and about another disease, without a clear result, or with an impossible date."""

    slug = "certificate-says-nothing"
    title = _("The certificate says nothing that counts here")
    sentence = _(
        "This certificate is genuine, but its result or its date cannot be understood "
        "here. Have a test done at a station here, which reports it by itself."
    )


class CertificateOfAnother(Refusal):
    """Name or birth date are not those of the person for whom the certificate was given."""

    slug = "certificate-of-another"
    title = _("Somebody else's certificate")
    sentence = _(
        "This certificate is made out to somebody else than the person registered here. "
        "Hand it in for whom it names. If it is yours, have your registration put right "
        "first: call 12345."
    )


class OfficerMustLook(Refusal):
    """Whose certificate it is cannot be established from what is registered."""

    slug = "officer-must-look"
    title = _("An officer must compare the documents")
    sentence = _(
        "The certificate is genuine, but from the registration it cannot be told whether "
        "it is this person's, such as when the names are in different scripts. Show it to "
        "an officer together with the identity document; 12345 says where."
    )


class DocumentNotSeen(Refusal):
    """An officer has to say that the documents were compared."""

    slug = "document-not-seen"
    title = _("Compare the documents first")
    sentence = _(
        "From the registration it cannot be told whether this certificate is this "
        "person's. Compare name and birth date with the identity document, and confirm "
        "that you have seen it."
    )


class CertificateKnown(Conflict):
    """A certificate counts once, for one person."""

    slug = "certificate-known"
    title = _("Already handed in")
    sentence = _("This certificate has been handed in before; it counts already.")


class CertificateWithdrawn(Conflict):
    """What an officer withdrew does not come back by the person's own hand."""

    slug = "certificate-withdrawn"
    title = _("This certificate was withdrawn")
    sentence = _(
        "An officer has withdrawn what this certificate attested. If that was a mistake, "
        "show it to an officer together with the identity document; 12345 says where."
    )

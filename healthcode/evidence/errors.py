"""The refusals of the evidence room, each with its title and sentence."""

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
    """The person has checked in today (Shanghai time); one check-in a day is allowed."""

    slug = "already-checked-in"
    title = _("Already checked in today")
    sentence = _("Today's check-in is already done. The next one is tomorrow.")


class AlreadyWithdrawn(Conflict):
    """Somebody has withdrawn this evidence before; that act stays the valid one."""

    slug = "already-withdrawn"
    title = _("Already withdrawn")
    sentence = _("This evidence was already withdrawn. There is nothing left to do.")


class NothingCounts(Conflict):
    """None of the facts of a report or an act counts any more."""

    slug = "nothing-counts"
    title = _("Nothing left to withdraw")
    sentence = _(
        "None of this evidence counts any more: it was withdrawn before, or deleted when its time "
        "was over. There is nothing left to do."
    )


class LinesChanged(Conflict):
    """Other held lines wait than those that the officer saw."""

    slug = "lines-changed"
    title = _("The held lines have changed")
    sentence = _(
        "Other lines wait by now than those that you saw, because somebody has decided on some of "
        "them. Nothing was done. Look at the lines again, and then decide."
    )


class ReferenceTaken(Conflict):
    """A source sent a different fact with a reference that it used before."""

    slug = "reference-taken"
    title = _("Reference already used")
    sentence = _(
        "This reference already stands for a different fact. Send this fact with a new reference, "
        "or ask an officer to withdraw the earlier one."
    )


class NotAsReported(Conflict):
    """The stored fact is not under the leaf of its report: somebody has changed one of them."""

    slug = "not-as-reported"
    title = _("Not as it was reported")
    sentence = _(
        "What is stored here is not what the institution reported, so there is no proof of it. "
        "Call 12345 and read out the number of this evidence."
    )


class UnknownPerson(Refusal):
    """A source reports about a number that no person has, or a document that cannot exist."""

    slug = "unknown-person"
    title = _("Unknown person")
    sentence = _(
        "Nobody has this number here, or no such document can exist. Check it for typing errors."
    )


class TooManyLines(Refusal):
    """A report has more lines than one transaction and one answer can take."""

    slug = "too-many-lines"
    status = 413
    title = _("Too many lines")
    sentence = _("The report has too many lines. Send it in several parts.")
    extensions = {"limit_lines": {"type": "integer"}}

    def __init__(self, limit: int) -> None:
        super().__init__(limit_lines=limit)


class MalformedLine(CoreError):
    """A line of NDJSON is not JSON. The result of the report says so for this line."""


class NotACertificate(Refusal):
    """The text is not an EU certificate, or only a part of one."""

    slug = "not-a-certificate"
    title = _("Not an EU certificate")
    sentence = _(
        "This is not an EU certificate, or only part of one. The text of a certificate begins "
        "with HC1: and has several hundred characters. Scan the QR code again, or copy the whole "
        "text."
    )


class CertificateRefused(Refusal):
    """The service does not accept a certificate; `reason` is a word of a closed list."""

    slug = "certificate-refused"
    title = _("The certificate is not accepted")
    extensions = {"reason": {"type": "string", "enum": DOUBTS}}

    def __init__(self, reason: CertificateReason) -> None:
        super().__init__(_REFUSED[reason], reason=reason.value)


_UNKNOWN_SIGNER: Final = _(
    "We cannot check certificates from this issuer yet. Call 12345 to ask whether that will "
    "change, or have a test at a local testing site, which reports the result for you."
)
_REFUSED: Final[Mapping[CertificateReason, Promise]] = {
    Reason.UNKNOWN_ISSUER: _UNKNOWN_SIGNER,
    Reason.UNKNOWN_KEY: _UNKNOWN_SIGNER,
    Reason.BAD_SIGNATURE: _(
        "This certificate was signed by somebody not entitled to do so, or it was changed "
        "afterwards. Open the original in the app that it came from, and scan that one."
    ),
    Reason.EXPIRED: _(
        "This certificate has expired. Ask its issuer for a new one, or have a test at a local "
        "testing site."
    ),
    Reason.NOT_YET_VALID: _(
        "This certificate is not valid yet. Hand it in again on the day from which it is valid."
    ),
}


class CertificateSaysNothing(Refusal):
    """A genuine certificate is for another disease, without a clear result, or impossible."""

    slug = "certificate-says-nothing"
    title = _("The certificate cannot be used here")
    sentence = _(
        "This certificate is genuine, but we cannot use its result or its date. Have a test at a "
        "local testing site, which reports the result for you."
    )


class CertificateOfAnother(Refusal):
    """The name or birth date in the certificate is not that of the person registered here."""

    slug = "certificate-of-another"
    title = _("Somebody else's certificate")
    sentence = _(
        "The name or birth date on this certificate is not that of the person registered here. "
        "Hand it in for the person it names. If it is your own, call 12345 first and have your "
        "registration corrected."
    )


class OfficerMustLook(Refusal):
    """The registration does not show whose certificate it is, so an officer must compare."""

    slug = "officer-must-look"
    title = _("An officer must compare the documents")
    sentence = _(
        "The certificate is genuine, but the registration does not show whether it belongs to "
        "this person. This happens, for example, when the names are in different scripts. Show an "
        "officer the certificate and the identity document. Call 12345 to ask where."
    )


class DocumentNotSeen(Refusal):
    """The officer has not confirmed that they compared the certificate with the document."""

    slug = "document-not-seen"
    title = _("Compare the documents first")
    sentence = _(
        "The registration does not show whether this certificate belongs to this person. Compare "
        "its name and birth date with the identity document, and confirm that you have seen the "
        "document."
    )


class CertificateKnown(Conflict):
    """The certificate was handed in before; it counts once, for one person."""

    slug = "certificate-known"
    title = _("Already handed in")
    sentence = _("This certificate was handed in before and already counts.")


class CertificateWithdrawn(Conflict):
    """A person hands in a certificate again whose evidence an officer has withdrawn."""

    slug = "certificate-withdrawn"
    title = _("This certificate was withdrawn")
    sentence = _(
        "An officer withdrew the evidence from this certificate. If that was a mistake, show an "
        "officer the certificate and the identity document. Call 12345 to ask where."
    )


class SignerNotTrusted(Conflict):
    """There is no trust in this signer to withdraw, and no evidence that rests on it."""

    slug = "signer-not-trusted"
    title = _("This signer is not trusted anyway")

"""What the verifier refuses, each with a stable slug and a sentence to act on."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class EnrolmentCodeNotValid(Refusal):
    """The code was never given out, was used, or has expired: the answer does not tell which."""

    slug = "enrolment-code-not-valid"
    status = 422
    title = _("This enrolment code is not valid")


class ScanIdReused(Conflict):
    """Another scan has this id; ids are made anew for every scan."""

    slug = "scan-id-reused"
    title = _("This scan id belongs to another scan")


class TooLarge(Refusal):
    """What was sent cannot have come from a QR code."""

    slug = "too-large"
    status = 413
    title = _("Too large")

"""What the verifier refuses, each with a stable slug and a sentence to act on."""

from django.utils.functional import Promise
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


class OAuthRefusal(Refusal):
    """A refusal that also carries the members of RFC 6749, 5.2, which OAuth libraries read."""

    status = 400

    def __init__(self, detail: str | Promise) -> None:
        super().__init__(detail, error=self.slug.replace("-", "_"), error_description=str(detail))


class InvalidClient(OAuthRefusal):
    """The partner did not prove who it is; the answer does not tell in which way."""

    slug = "invalid-client"
    status = 401
    title = _("This assertion is not accepted")

    def __init__(self) -> None:
        super().__init__(
            _(
                "Sign a new assertion with a registered key: iss and sub your name, aud this"
                " service, a fresh jti, exp within ten minutes."
            )
        )


class InvalidScope(OAuthRefusal):
    """The partner asks for what it may not have."""

    slug = "invalid-scope"
    title = _("This scope is not for this partner")


class UnsupportedGrantType(OAuthRefusal):
    """Only client credentials are granted."""

    slug = "unsupported-grant-type"
    title = _("This grant type is not supported")


class InvalidRequest(OAuthRefusal):
    """A parameter of the token request is missing or wrong."""

    slug = "invalid-request"
    title = _("The token request is not complete")

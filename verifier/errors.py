"""What the verifier refuses, each with a stable slug and a sentence to act on."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from healthcode.web.errors import Conflict, Refusal


class EnrolmentCodeNotValid(Refusal):
    """The code was never given out, was used, or has expired: the answer does not tell which."""

    slug = "enrolment-code-not-valid"
    title = _("This enrolment code is not valid")
    sentence = _("This code is wrong, used or too old. Ask the venue's manager for a new one.")


class ScanIdReused(Conflict):
    """Another scan has this id; ids are made anew for every scan."""

    slug = "scan-id-reused"
    title = _("This scan id belongs to another scan")
    sentence = _("Another scan was recorded under this id. Make a new id a scan.")


class OAuthRefusal(Refusal):
    """A refusal that also carries the members of RFC 6749, 5.2, which OAuth libraries read."""

    status = 400
    media_type = "application/json"
    extensions = {
        "error": {"type": "string", "description": "The slug, as OAuth writes it."},
        "error_description": {
            "type": "string",
            "description": "`detail` in English: OAuth allows ASCII alone.",
        },
    }

    def __init__(self, detail: str | Promise | None = None) -> None:
        super().__init__(detail)
        with override("en"):
            description = str(self.detail)
        self.members = {"error": self.slug.replace("-", "_"), "error_description": description}


class InvalidClient(OAuthRefusal):
    """The partner did not prove who it is; the answer does not tell in which way."""

    slug = "invalid-client"
    status = 401
    title = _("This assertion is not accepted")
    sentence = _(
        "Sign a new assertion with a registered key: iss and sub your name, aud this"
        " service, a fresh jti, exp within ten minutes."
    )


class InvalidScope(OAuthRefusal):
    """The partner asks for what it may not have."""

    slug = "invalid-scope"
    title = _("This scope is not for this partner")
    sentence = _("This partner may not have every scope that it asks for.")


class UnsupportedGrantType(OAuthRefusal):
    """Only client credentials are granted."""

    slug = "unsupported-grant-type"
    title = _("This grant type is not supported")
    sentence = _("Only grant_type=client_credentials is known here.")


class InvalidRequest(OAuthRefusal):
    """A parameter of the token request is missing or wrong."""

    slug = "invalid-request"
    title = _("The token request is not complete")
    sentence = _(
        "Send a form (application/x-www-form-urlencoded) with grant_type=client_credentials,"
        " client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer and"
        " client_assertion, each once."
    )

"""What the verifier refuses: a stable slug and a sentence that says what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from healthcode.web.errors import Conflict, Forbidden, NotFound, Refusal


class EnrolmentCodeNotValid(Refusal):
    """The enrolment code is unknown, used or expired. The answer does not say which of these."""

    slug = "enrolment-code-not-valid"
    title = _("This enrolment code is not valid")
    sentence = _(
        "This code is wrong, already used or too old. Ask the venue's manager for a new one."
    )


class VenueIsClosed(Conflict):
    """The venue is closed, and this can be done only with an open one."""

    slug = "venue-closed"
    title = _("This venue is closed")
    sentence = _(
        "This venue is closed. Its manager can open it again on the venue's page, and so can an "
        "administrator."
    )


class VenueIsOpen(Conflict):
    """The venue is not closed, so it cannot be opened."""

    slug = "venue-open"
    title = _("This venue is open")
    sentence = _("This venue is open already.")


class OnlyTheManager(Forbidden):
    """A deputy does the daily work, and nothing else."""

    slug = "only-the-manager"
    title = _("Only the manager may do this")
    sentence = _(
        "You are a deputy at this venue. Only its manager or an administrator can do this. Ask "
        "one of them."
    )


class NoSuchManager(Refusal):
    """No account of this name may manage venues here. The answer does not say why."""

    slug = "no-such-manager"
    title = _("No such manager")
    sentence = _(
        "Nobody with this user name may manage venues in this area. Check the name, or ask an "
        "administrator to give this person the role of a venue manager here."
    )


class AlreadyInCharge(Conflict):
    """The account is the manager of this venue, or a deputy there."""

    slug = "already-in-charge"
    title = _("Already in charge here")
    sentence = _("This person is already the manager of this venue, or a deputy here.")


class NoOffer(NotFound):
    """The offer of a venue was answered, taken back or replaced, or it is too old."""

    slug = "no-offer"
    title = _("This offer has ended")
    sentence = _(
        "This venue is not offered any more. Ask its manager to offer it again, or ask an "
        "administrator."
    )


class ScanIdReused(Conflict):
    """The id of a scan belongs to another scan. A device makes a new id for each scan."""

    slug = "scan-id-reused"
    title = _("This scan id belongs to another scan")
    sentence = _("Another scan was recorded under this id. Use a new id for each scan.")


class OAuthRefusal(Refusal):
    """A refusal with the members `error` and `error_description` that OAuth libraries read.

    RFC 6749, section 5.2, defines them.
    """

    status = 400
    media_type = "application/json"
    extensions = {
        "error": {
            "type": "string",
            "description": "The slug, with underscores as OAuth writes it.",
        },
        "error_description": {
            "type": "string",
            "description": "`detail` in English, because OAuth allows only ASCII.",
        },
    }

    def __init__(self, detail: str | Promise | None = None) -> None:
        super().__init__(detail)
        with override("en"):
            description = str(self.detail)
        self.members = {"error": self.slug.replace("-", "_"), "error_description": description}


class InvalidClient(OAuthRefusal):
    """The partner did not prove who it is. The answer does not say what was wrong."""

    slug = "invalid-client"
    status = 401
    title = _("This assertion is not accepted")
    sentence = _(
        "Sign a new assertion with a registered key. iss and sub are your name, aud is this"
        " service's address, jti is new each time, and exp is at most ten minutes away."
    )


class InvalidScope(OAuthRefusal):
    """The partner asks for a scope that it was not granted."""

    slug = "invalid-scope"
    title = _("This scope is not granted to this partner")
    sentence = _("Ask only for scopes that this service has granted to you.")


class UnsupportedGrantType(OAuthRefusal):
    """The grant type is not `client_credentials`, the only one that this service supports."""

    slug = "unsupported-grant-type"
    title = _("This grant type is not supported")
    sentence = _("Use grant_type=client_credentials. This service supports no other.")


class InvalidRequest(OAuthRefusal):
    """A parameter of the token request is missing or wrong."""

    slug = "invalid-request"
    title = _("The token request is incomplete or wrong")
    sentence = _(
        "Send a form (application/x-www-form-urlencoded) with grant_type=client_credentials,"
        " client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer and"
        " client_assertion, each once."
    )

"""Why a code cannot be given."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class DeclareFirst(Conflict):
    """Nobody has declared for this person yet, so there is no colour to sign."""

    slug = "declare-first"
    title = _("Declare first")
    sentence = _(
        "There is no code yet. Please fill in the health declaration first; it takes a minute."
    )


class DoesNotSign(Refusal):
    """This process has no key to sign with; another one of the service has."""

    slug = "does-not-sign"
    status = 503
    title = _("No codes can be issued right now")
    sentence = _(
        "The service cannot issue a code at the moment. Please try again in a few minutes."
    )
    retry_after = 120

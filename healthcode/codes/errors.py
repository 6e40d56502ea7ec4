"""The codes room's refusals."""

from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Refusal


class DeclareFirst(Conflict):
    """Refuse a code for somebody without a declaration, because they have no colour yet."""

    slug = "declare-first"
    title = _("Health declaration needed")
    sentence = _(
        "There is no code yet. Please fill in the health declaration first; it takes a minute."
    )


class DoesNotSign(Refusal):
    """Refuse to sign in a process that has no signing key; others of the service have one."""

    slug = "does-not-sign"
    status = 503
    title = _("No codes can be issued right now")
    sentence = _(
        "The service cannot issue a code at the moment. Please try again in a few minutes."
    )
    retry_after = 120

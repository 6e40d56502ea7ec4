"""What visitors are refused."""

from django.utils.translation import gettext_lazy as _

from healthcode.core import Reason
from healthcode.web.errors import Refusal


class NotConvertible(Refusal):
    """The code would not get anybody in here, for the reason that a door would name."""

    slug = "not-convertible"
    title = _("No local code can be issued")
    sentence = _(
        "This code is not accepted here, so no local code can be issued for it. Open it "
        "again in the service that issued it, and try with the new one."
    )
    extensions = {"reason": {"type": "string", "enum": [reason.value for reason in Reason]}}

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason=reason.value)


class LocalAlready(Refusal):
    """A code of this issuer needs no conversion, and would only live longer by it."""

    slug = "local-already"
    title = _("This is already a local code")
    sentence = _("Please show this code as it is. Every door here recognises it.")

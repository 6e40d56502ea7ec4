"""The refusals for visitors."""

from django.utils.translation import gettext_lazy as _

from healthcode.core import Reason
from healthcode.web.errors import Refusal


class NotConvertible(Refusal):
    """The code would be refused at a door here; `reason` is the reason that the door would give."""

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
    """This issuer signed the code. A conversion would only make it live longer."""

    slug = "local-already"
    title = _("This is already a local code")
    sentence = _("Please show this code as it is. Every door here recognises it.")

"""A sentence for each reason, saying to the person at the door what to do."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.core import Reason

SENTENCES: Final[dict[Reason, str | Promise]] = {
    Reason.OK: _("Green code. Let them in."),
    Reason.YELLOW: _("Yellow code. Ask them to wait and follow this venue's rule for yellow."),
    Reason.RED: _("Red code. Do not let them in, and tell the person in charge."),
    Reason.EXPIRED: _(
        "This code has expired. Ask them to open their code again; a screenshot goes stale."
    ),
    Reason.NOT_YET_VALID: _(
        "This code is dated in the future. Check the clocks of this device and of their phone."
    ),
    Reason.SUPERSEDED: _(
        "Their colour has changed since this code was made. Ask them to open their code again."
    ),
    Reason.UNKNOWN_ISSUER: _("This code comes from an authority that is not recognised here."),
    Reason.UNKNOWN_KEY: _(
        "The key of this code is not valid (any more). Ask them to open their code again."
    ),
    Reason.BAD_SIGNATURE: _("This code is not genuine. Do not let them in."),
    Reason.MALFORMED: _("This is not a health code. Ask for their health code and scan again."),
    Reason.STALE_DATA: _(
        "The code is genuine, but what this door knows is too old to be sure. Ask them to open "
        "their code again and look at their phone."
    ),
    Reason.NOT_ADMITTED_HERE: _("This venue does not admit this colour or kind of code."),
}

WEB_ADDRESS: Final = _(
    "This is a web address, not a health code. Ask for their health code and scan again."
)
EU_CERTIFICATE: Final = _(
    "This is an EU Digital COVID Certificate. It is not read at this door; ask for their health "
    "code."
)
_ADDRESS_STARTS = ("http://", "https://", "www.")
_CERTIFICATE_STARTS = "HC1:"


class Sentences(dict[Reason, str]):
    """The sentences in the language in force, each looked up once: for many verdicts at a time."""

    def __missing__(self, reason: Reason) -> str:
        """The sentence, kept from then on."""
        self[reason] = found = str(SENTENCES[reason])
        return found


def sentence(reason: Reason, text: str, known: Mapping[Reason, str] | None = None) -> str:
    """The sentence for a verdict on `text`, in the language in force; out of `known`, if given."""
    if text.startswith(_CERTIFICATE_STARTS):
        return str(EU_CERTIFICATE)
    if reason is Reason.MALFORMED and text[:8].lower().startswith(_ADDRESS_STARTS):
        return str(WEB_ADDRESS)
    return str((SENTENCES if known is None else known)[reason])

"""The sentence that tells staff at a door what to do, one for each reason of a verdict."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.core import Reason

SENTENCES: Final[dict[Reason, str | Promise]] = {
    Reason.OK: _("Green code. Let them in."),
    Reason.YELLOW: _(
        "Yellow code. Ask them to wait, then follow this venue's rule for yellow codes."
    ),
    Reason.RED: _("Red code. Do not let them in. Tell the person in charge."),
    Reason.EXPIRED: _(
        "This code has expired. Ask them to open their code again. Screenshots expire quickly."
    ),
    Reason.NOT_YET_VALID: _(
        "This code is dated in the future. Check the clock on this device and on their phone."
    ),
    Reason.SUPERSEDED: _(
        "This code is out of date: their colour has changed. Ask them to open their code again."
    ),
    Reason.UNKNOWN_ISSUER: _(
        "This code comes from an authority that is not recognised here. Do not let them in with it."
    ),
    Reason.UNKNOWN_KEY: _(
        "This code was signed with an old or unknown key. Ask them to open their code again."
    ),
    Reason.BAD_SIGNATURE: _("This code is not genuine. Do not let them in."),
    Reason.MALFORMED: _("This is not a health code. Ask for their health code and scan again."),
    Reason.STALE_DATA: _(
        "The code is genuine, but this door's data is too old to be sure. Ask them to open their "
        "code again, and look at the colour on their phone."
    ),
    Reason.NOT_ADMITTED_HERE: _(
        "This venue does not accept this colour or kind of code. Ask the person in charge."
    ),
}

WEB_ADDRESS: Final = _(
    "This is a web address, not a health code. Ask for their health code and scan again."
)
EU_CERTIFICATE: Final = _(
    "This is an EU Digital COVID Certificate, which this door cannot check. Ask for their health "
    "code."
)
_ADDRESS_STARTS = ("http://", "https://", "www.")
_CERTIFICATE_STARTS = "HC1:"


class Sentences(dict[Reason, str]):
    """The sentences in the active language, each translated at its first use.

    One object serves a whole batch of scans, because translating a sentence for each scan is slow.
    """

    def __missing__(self, reason: Reason) -> str:
        """Translate the sentence and keep it."""
        self[reason] = found = str(SENTENCES[reason])
        return found


def sentence(reason: Reason, text: str, known: Mapping[Reason, str] | None = None) -> str:
    """Return the sentence for a verdict on `text`, in the active language.

    `known` holds sentences that are already translated.
    """
    if text.startswith(_CERTIFICATE_STARTS):
        return str(EU_CERTIFICATE)
    if reason is Reason.MALFORMED and text[:8].lower().startswith(_ADDRESS_STARTS):
        return str(WEB_ADDRESS)
    return str((SENTENCES if known is None else known)[reason])

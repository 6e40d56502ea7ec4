"""What the pages for EU certificates of residents and of officers have in common."""

from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcode.evidence.certificates import Entered
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.words import TRAITS
from healthcode.web.templatetags.instants import day

NO_CERTIFICATE: Final = gettext_lazy(
    "Scan the QR code of the certificate, or paste its whole text."
)
# The sentences of the page's script; the code that reads pictures is shared with the scanner page.
PHRASES: Final = {
    "camera-not-allowed": gettext_lazy(
        "The browser does not let this page use the camera. Allow the camera in the browser's "
        "settings, choose a picture, or paste the text."
    ),
    "camera-needs-https": gettext_lazy(
        "The camera works only if the page's address begins with https. Choose a picture instead, "
        "or paste the text."
    ),
    "no-camera": gettext_lazy(
        "No camera was found on this device. Choose a picture, or paste the text."
    ),
    "camera-busy": gettext_lazy(
        "Another program uses the camera. Close it and start the camera again."
    ),
    "camera-gone": gettext_lazy("The camera stopped. Start it again."),
    "reader-missing": gettext_lazy(
        "The part of this page that reads pictures could not be loaded. Check the network and try "
        "again, or paste the text."
    ),
    "reader-broken": gettext_lazy(
        "This device cannot read the picture. Reload the page, or paste the text."
    ),
    "certificate-read": gettext_lazy(
        "The certificate was read. Press the button below to send it."
    ),
    "other-code": gettext_lazy(
        "This QR code is not an EU certificate. The text of a certificate begins with HC1:"
    ),
    "no-code": gettext_lazy(
        "No QR code could be read in this picture. Take a sharper picture in which the code is "
        "larger."
    ),
}


def reading_context(request: HttpRequest, faults: Mapping[str, str]) -> dict[str, object]:
    """Return what both forms need to read a certificate and to show mistakes."""
    return {
        "faults": faults,
        "certificate": request.POST.get("certificate", ""),
        "phrases": {name: str(text) for name, text in PHRASES.items()},
    }


def entered_sentence(entered: Entered) -> str:
    """Return the sentence that says which evidence was entered."""
    attested = entered.attested
    words = [str(KINDS[attested.kind].name), *(str(TRAITS[trait]) for trait in attested.traits)]
    return _("Entered as evidence %(number)s: %(what)s, %(day)s.") % {
        "number": entered.evidence,
        "what": ", ".join(words),
        "day": day(attested.starts),
    }

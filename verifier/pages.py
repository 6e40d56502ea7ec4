"""Pages of the verifier: the scanner, and a manager's venues and devices."""

from io import BytesIO

import qrcode
import qrcode.constants
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from qrcode.image.svg import SvgPathImage

from accounts.models import Account, Role
from accounts.permissions import role_required
from healthcode.areas import selectors as areas
from healthcode.core import Outcome
from healthcode.web.errors import Refusal
from verifier import selectors, services


def scanner(request: HttpRequest) -> HttpResponse:
    """The scanner; public, since a device becomes one by its enrolment code alone."""
    return render(request, "verifier/scanner.html", {"phrases": _phrases()})


def _phrases() -> dict[str, str]:
    """What the scanner's script says by itself; verdicts bring their own sentences."""
    return {
        "pass": _("Let in"),
        "caution": _("Check"),
        "refuse": _("Stop"),
        "none": _("No verdict"),
        "waiting": _("Checking…"),
        "made": _("Code made"),
        "enrolling": _("Enrolling this device…"),
        "no-enrolment-code": _(
            "This is not an enrolment code. Ask the venue's manager for one to enrol this device."
        ),
        "no-network": _(
            "The server cannot be reached, so there is no verdict. Check the network and scan "
            "again; until then nobody is let in on this scan."
        ),
        "not-understood": _(
            "The server's answer could not be understood, so there is no verdict. Scan again."
        ),
        "camera-not-allowed": _(
            "The browser does not let this page use the camera. Allow it in the browser's "
            "settings, or use a handheld scanner."
        ),
        "camera-needs-https": _(
            "Browsers give a camera only to pages opened over https. Use a handheld scanner, or "
            "open this page over https."
        ),
        "no-camera": _("This device has no camera. Use a handheld scanner, or type the code."),
        "camera-busy": _("Another program uses the camera. Close it and start the camera again."),
        "camera-gone": _("The camera stopped. Start it again."),
    }

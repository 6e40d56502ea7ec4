"""Handing in EU certificates: a resident's page, and an officer's for somebody before them."""

from collections.abc import Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Account, IdType, Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson, person_for
from healthcode.colours import certificates
from healthcode.colours.certificates import Entered
from healthcode.colours.certificates_api import CertificateInput, OfficersCertificateInput
from healthcode.colours.pages import held_off, whom
from healthcode.evidence.errors import DocumentNotSeen
from healthcode.evidence.fields import SHANGHAI
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.lines import holder_of
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import attested_of
from healthcode.evidence.words import TRAITS, said
from healthcode.web.errors import Refusal

# What the page's script says; the reading of pictures is the scanner's.
PHRASES: Final = {
    "camera-not-allowed": gettext_lazy(
        "The browser does not let this page use the camera. Allow it in the browser's settings, "
        "choose a picture, or paste the text."
    ),
    "camera-needs-https": gettext_lazy(
        "Browsers give a camera only to pages opened over https. Choose a picture, or paste the "
        "text."
    ),
    "no-camera": gettext_lazy("This device has no camera. Choose a picture, or paste the text."),
    "camera-busy": gettext_lazy(
        "Another program uses the camera. Close it and start the camera again."
    ),
    "camera-gone": gettext_lazy("The camera stopped. Start it again."),
    "certificate-read": gettext_lazy("The certificate is read. Send it with the button below."),
    "other-code": gettext_lazy("This QR code is no EU certificate: its text would begin with HC1:"),
    "no-code": gettext_lazy(
        "There is no QR code to be read in this picture. Take one that shows it larger and sharp."
    ),
}


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def hand_in(request: HttpRequest, person_id: int) -> HttpResponse:
    """The form, and what earlier certificates have put into the evidence."""
    account, known = whom(request, person_id)
    if request.method == "GET":
        return _residents_page(request, known, {})
    given = CertificateInput(data={"certificate": request.POST.get("certificate", "")})
    if not given.is_valid():
        return _residents_page(request, known, dict([_missing("certificate")]), status=422)
    try:
        entered = certificates.hand_in(
            account=account,
            person=person_for(account, person_id),
            text=given.validated_data["certificate"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        faults = {"form": str(refusal.detail)}
        return held_off(_residents_page(request, known, faults, status=refusal.status), refusal)
    messages.success(request, _told(entered))
    return redirect("colour-page", person_id)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
def enter(request: HttpRequest) -> HttpResponse:
    """The officer's form; sent, it is ready for the next person."""
    if request.method == "GET":
        return _officers_page(request, {})
    typed = {
        name: request.POST.get(name, "").strip() for name in ("id_type", "id_number", "ground")
    }
    seen = "document_seen" in request.POST
    text = request.POST.get("certificate", "")
    given = OfficersCertificateInput(data={**typed, "certificate": text, "document_seen": seen})
    if not given.is_valid():
        faults = dict(_missing(name) for name in given.errors)
        return _officers_page(request, faults, status=422)
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  role_required saw to it
    try:
        entered, _act = certificates.enter(
            account=account,
            holder=holder_of(given.validated_data),
            text=text,
            document_seen=seen,
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        where = "document_seen" if isinstance(refusal, DocumentNotSeen) else "form"
        return _officers_page(request, {where: str(refusal.detail)}, status=refusal.status)
    messages.success(request, _told(entered))
    return redirect("officer-certificate")


def _residents_page(
    request: HttpRequest, known: KnownPerson, faults: Mapping[str, str], *, status: int = 200
) -> HttpResponse:
    rows = [
        (fact, KINDS[EvidenceKind(fact.kind)].name, said(fact)) for fact in attested_of(known.id)
    ]
    context = {"person": known, "rows": rows, **_reading(request, faults)}
    return render(request, "colours/certificates.html", context, status=status)


def _officers_page(
    request: HttpRequest, faults: Mapping[str, str], *, status: int = 200
) -> HttpResponse:
    context = {
        "id_types": IdType.choices,
        "sent": request.POST,
        "ground": request.POST.get("ground") or _("Shown in person, with the identity document."),
        **_reading(request, faults),
    }
    return render(request, "colours/officer_certificate.html", context, status=status)


def _reading(request: HttpRequest, faults: Mapping[str, str]) -> dict[str, object]:
    """What both forms need to read a certificate, and to show what was wrong."""
    return {
        "faults": faults,
        "certificate": request.POST.get("certificate", ""),
        "phrases": {name: str(text) for name, text in PHRASES.items()},
    }


def _missing(member: str) -> tuple[str, str]:
    """The field of the form that a wrong member of the input is, and what to do about it."""
    if member == "certificate":
        return member, _("Read the picture of the certificate, or paste its whole text.")
    if member == "ground":
        return member, _("Say on what ground, in at most 1000 characters.")
    return "id_number", _("Give type and number of the identity document.")


def _told(entered: Entered) -> str:
    """What was entered, in a sentence."""
    attested = entered.attested
    words = [str(KINDS[attested.kind].name), *(str(TRAITS[trait]) for trait in attested.traits)]
    return _("Entered as evidence %(number)s: %(what)s, %(day)s.") % {
        "number": entered.evidence,
        "what": ", ".join(words),
        "day": attested.starts.astimezone(SHANGHAI).date().isoformat(),
    }

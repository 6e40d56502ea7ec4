"""The officer's page to enter the EU certificate of somebody who is at the desk."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.idempotency import sent_once
from accounts.models import IdType, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import NO_GROUND, GroundKind, sent_ground
from healthcode.evidence.certificate_pages import NO_CERTIFICATE, entered_sentence, reading_context
from healthcode.evidence.errors import DocumentNotSeen
from healthcode.evidence.lines import holder_of
from healthcode.officers.certificates import services as certificates
from healthcode.officers.certificates.api import OfficersCertificateInput
from healthcode.web.errors import Refusal
from healthcode.web.texts import trimmed


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def enter(request: HttpRequest) -> HttpResponse:
    """Show the form; when it is sent, enter the certificate and show an empty form again."""
    if request.method == "GET":
        return _officers_page(request, {})
    typed = {name: trimmed(request.POST.get(name, "")) for name in ("id_type", "id_number")}
    typed |= sent_ground(request.POST)
    seen = "document_seen" in request.POST
    text = request.POST.get("certificate", "")
    given = OfficersCertificateInput(data={**typed, "certificate": text, "document_seen": seen})
    if not given.is_valid():
        faults = dict(_missing(name) for name in given.errors)
        return _officers_page(request, faults, status=422)
    account = account_of(request)
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
    messages.success(request, entered_sentence(entered))
    return redirect("officer-certificate")


def _officers_page(
    request: HttpRequest, faults: Mapping[str, str], *, status: int = 200
) -> HttpResponse:
    context = {
        "id_types": IdType.choices,
        "sent": request.POST,
        "ground_kind": request.POST.get("ground_kind") or GroundKind.DOCUMENT_SEEN,
        "ground": request.POST.get("ground") or _("Shown in person, with the identity document."),
        **reading_context(request, faults),
    }
    return render(request, "officers/certificate.html", context, status=status)


def _missing(member: str) -> tuple[str, str]:
    """Return the form field for a wrong member of the input, with a sentence what to do."""
    if member == "certificate":
        return member, str(NO_CERTIFICATE)
    if member in {"ground", "ground_kind"}:
        return "ground", str(NO_GROUND)
    return "id_number", _("Give the type and number of the identity document.")

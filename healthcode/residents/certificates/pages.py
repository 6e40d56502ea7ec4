"""The page on which residents hand in EU certificates."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson, person_for
from healthcode.evidence.certificate_pages import NO_CERTIFICATE, entered_sentence, reading_context
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import attested_of
from healthcode.evidence.words import words_of
from healthcode.residents.certificates import services
from healthcode.residents.certificates.api import CertificateInput
from healthcode.residents.whom import or_proof, whom
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def hand_in(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show the form, and what earlier certificates have added to the evidence."""
    account, known = whom(request, person_id)
    if request.method == "GET":
        return _residents_page(request, known, {})
    given = CertificateInput(data={"certificate": request.POST.get("certificate", "")})
    if not given.is_valid():
        return _residents_page(request, known, {"certificate": str(NO_CERTIFICATE)}, status=422)
    try:
        entered, _decision = services.hand_in(
            account=account,
            person=person_for(account, person_id),
            text=given.validated_data["certificate"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        faults = {"form": str(refusal.detail)}
        return held_off(_residents_page(request, known, faults, status=refusal.status), refusal)
    messages.success(request, entered_sentence(entered))
    return redirect("colour-page", person_id)


def _residents_page(
    request: HttpRequest, known: KnownPerson, faults: Mapping[str, str], *, status: int = 200
) -> HttpResponse:
    rows = [
        (fact, KINDS[EvidenceKind(fact.kind)].name, words_of(fact))
        for fact in attested_of(known.id)
    ]
    context = {"person": known, "rows": rows, **reading_context(request, faults)}
    return render(request, "residents/certificates.html", context, status=status)

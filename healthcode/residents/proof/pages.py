"""The page that says what proves who somebody is, and how to go on without a proof."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.guardians import CLAIM_LIFE
from accounts.models import IdentityProof, Role
from accounts.permissions import account_of, role_required
from accounts.selectors import known_person
from healthcode.web.errors import NotFound, Refusal
from healthcode.web.pages import held_off


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def proof(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show the proof, or the ways to one. A POST asks the real-name check again."""
    if request.method == "GET":
        return _proof_page(request, person_id)
    account = account_of(request)
    try:
        proven = services.ask_again(account=account, person_id=person_id, at=timezone.now())
        proven &= known_person(account, person_id).proof is not IdentityProof.EARLIER
    except NotFound as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        fault = str(refusal.detail)
        return held_off(_proof_page(request, person_id, fault, refusal.status), refusal)
    if not proven:
        fault = _("The register does not know this name with this document and phone number.")
        return _proof_page(request, person_id, fault, 403)
    messages.success(request, _("Thank you. Now we know that this document is yours."))
    return redirect("me")


def _proof_page(
    request: HttpRequest, person_id: int, fault: str = "", status: int = 200
) -> HttpResponse:
    try:
        known = known_person(account_of(request), person_id)
    except NotFound as refusal:
        raise Http404 from refusal
    context = {"person": known, "fault": fault, "days": CLAIM_LIFE.days}
    return render(request, "residents/proof.html", context, status=status)

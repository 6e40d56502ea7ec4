"""The page on which somebody says that a person has moved."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import Faults, faults_of
from accounts.models import Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson
from healthcode.areas.selectors import full_names
from healthcode.residents.home.services import move_home
from healthcode.residents.whom import or_proof, whom
from healthcode.web.errors import Refusal


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def home(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show where the person lives. A POST stores another home."""
    account, known = whom(request, person_id, proven=True)
    if request.method == "GET":
        return _home_page(request, known, Faults())
    area = request.POST.get("home_area", "")
    try:
        move_home(account=account, person_id=known.id, home_area=area, at=timezone.now())
    except Refusal as refusal:
        return _home_page(request, known, faults_of(refusal), status=refusal.status)
    messages.success(request, _("The new home is stored. The colour stays as it is."))
    return redirect("person-data", known.id)


def _home_page(
    request: HttpRequest, known: KnownPerson, faults: Faults, *, status: int = 200
) -> HttpResponse:
    context = {
        "person": known,
        "faults": faults,
        "home": full_names([known.home_area]).get(known.home_area, ""),
        "home_area": request.POST.get("home_area", request.GET.get("home_area", "")),
    }
    return render(request, "residents/home.html", context, status=status)

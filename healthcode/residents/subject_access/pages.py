"""The page of a person's data: what is kept, a file with it, and the erasure."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Role
from accounts.permissions import role_required
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.export import export
from healthcode.residents.whom import whom
from healthcode.web.errors import Refusal
from healthcode.web.pages import FORGET


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def data(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show what is kept about a person. A POST with the box ticked erases it."""
    account, known = whom(request, person_id)
    if request.method == "GET":
        return render(request, "residents/data.html", {"person": known})
    if "sure" not in request.POST:
        fault = _("Please tick the box first. Erased data cannot be restored.")
        return render(request, "residents/data.html", {"person": known, "fault": fault}, status=422)
    try:
        erase_at_request(person_id=person_id, account=account, at=timezone.now())
    except Refusal as refusal:
        context = {"person": known, "fault": refusal.detail}
        return render(request, "residents/data.html", context, status=refusal.status)
    said = _("All data about this person has been erased.")
    messages.success(request, said, extra_tags=FORGET)
    account.refresh_from_db()
    return redirect("me" if account.is_active else "home")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
def data_file(request: HttpRequest, person_id: int) -> HttpResponse:
    """Return everything about a person as a file."""
    _account, known = whom(request, person_id)
    return JsonResponse(
        export(known.id, at=timezone.now()),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="person-{known.id}.json"'},
    )

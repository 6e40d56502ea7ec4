"""The page on which a guardian lets go of a person."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.guardians import let_go
from accounts.models import Role
from accounts.permissions import account_of, role_required
from accounts.selectors import known_person
from healthcode.web.errors import NotFound, Refusal


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def let_go_of(request: HttpRequest, person_id: int) -> HttpResponse:
    """Say what happens then. A POST ends that this account looks after the person."""
    if request.method == "GET":
        return _page(request, person_id)
    try:
        let_go(account=account_of(request), person_id=person_id, at=timezone.now())
    except NotFound as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        return _page(request, person_id, str(refusal.detail), refusal.status)
    messages.success(request, _("You no longer look after this person."))
    return redirect("me")


def _page(request: HttpRequest, person_id: int, fault: str = "", status: int = 200) -> HttpResponse:
    try:
        known = known_person(account_of(request), person_id)
    except NotFound as refusal:
        raise Http404 from refusal
    context = {"person": known, "fault": fault}
    return render(request, "residents/let_go.html", context, status=status)

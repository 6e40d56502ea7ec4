"""The officer's page for somebody who has lost their telephone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import client
from accounts.forms import Faults, faults_of
from accounts.idempotency import sent_once
from accounts.logins import SHARED_DIGITS
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.officers.documents import document_context, faults_in, typed_document
from healthcode.officers.phones.api import DeskChangeInput, DeskPhoneInput
from healthcode.officers.phones.services import begin_at_desk, change_phone_at_desk
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def phone_lost(request: HttpRequest) -> HttpResponse:
    """Show the form. A POST sends a code to the new telephone; with the code, it changes it."""
    if request.method == "GET":
        return _form_page(request, Faults())
    return _change(request) if request.POST.get("step") == "change" else _send(request)


def _send(request: HttpRequest) -> HttpResponse:
    given = DeskPhoneInput(data=typed_document(request.POST, "phone"))
    if not given.is_valid():
        return _form_page(request, faults_in(given), status=422)
    try:
        started = begin_at_desk(
            account=account_of(request),
            shown=given.shown(),
            phone=given.validated_data["phone"],
            address=client.address(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        page = _form_page(request, faults_of(refusal), status=refusal.status)
        return held_off(page, refusal)
    is_shared = started.digits == SHARED_DIGITS
    return _form_page(request, Faults(), login=started.login, is_shared=is_shared)


def _change(request: HttpRequest) -> HttpResponse:
    login, is_shared = request.POST.get("login", ""), "is_shared" in request.POST
    given = DeskChangeInput(data=typed_document(request.POST, "phone", "otp", "login"))
    if not given.is_valid():
        faults = faults_in(given)
        return _form_page(request, faults, status=422, login=login, is_shared=is_shared)
    try:
        act = change_phone_at_desk(
            account=account_of(request),
            shown=given.shown(),
            new=given.new(),
            ground=given.validated_data["ground"],
            address=client.address(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        page = _form_page(
            request, faults_of(refusal), status=refusal.status, login=login, is_shared=is_shared
        )
        return held_off(page, refusal)
    said = _("It is recorded as act %(number)d. The person logs in with the new number now.")
    messages.success(request, said % {"number": act.pk})
    return redirect("officer-phone")


def _form_page(
    request: HttpRequest,
    faults: Faults,
    *,
    status: int = 200,
    login: str = "",
    is_shared: bool = False,
) -> HttpResponse:
    ground = _("The person showed the identity document at the desk, and has a new telephone.")
    context = document_context(request.POST, faults, ground)
    context |= {"login": login, "is_shared": is_shared}
    return render(request, "officers/phone.html", context, status=status)

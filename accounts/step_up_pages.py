"""The page that asks for a document: at a login with a new device, and before what is final."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import devices, logins, step_up
from accounts.entering import NEXT_KEY, STEP_UP_KEY, again, enter, know_browser, onward, to_check
from accounts.errors import StepUpLocked, StepUpNeeded, StepUpOver, invalid
from accounts.forms import faults_of
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.web.errors import Refusal


@never_cache
@sensitive_post_parameters("document_last4")
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Ask for the end of a document number; `not_me` begins another account instead."""
    text = request.session.get(STEP_UP_KEY)
    if text is None:
        return redirect("login")
    try:
        question = step_up.question(text, at=timezone.now())
    except StepUpOver as over:
        del request.session[STEP_UP_KEY]
        messages.info(request, str(over.detail))
        return redirect("login" if request.user.is_anonymous else "me")
    context: dict[str, object] = {
        "question": question,
        "locked": StepUpLocked.sentence,
    }
    if request.method == "GET":
        return render(request, "accounts/login_check.html", context)
    try:
        if "not_me" in request.POST:
            done = _begin_anew(request, text)
        else:
            done = _prove(request, text, is_login=question.is_login)
    except Refusal as refusal:
        faults = faults_of(refusal)
        context |= {"faults": faults, "fault": faults.get("document_last4", faults.whole)}
        return again(request, "accounts/login_check.html", context, refusal)
    request.session.pop(STEP_UP_KEY, None)  # a login may have emptied the session already
    return done


@require_POST
@role_required(Role.RESIDENT)
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask whoever is logged in, so that new devices can log in after too many wrong answers."""
    try:
        step_up.ask(account=account_of(request), device=devices.here(request), at=timezone.now())
    except StepUpNeeded as question:
        return to_check(request, question, "/me")
    return redirect("me")


def _prove(request: HttpRequest, text: str, *, is_login: bool) -> HttpResponse:
    at = timezone.now()
    typed = request.POST.get("document_last4", "")
    proven = step_up.answer(step_up=text, document_last4=typed, at=at)
    target = onward(request, request.session.get(NEXT_KEY, ""), "/me")
    if is_login:
        return enter(request, proven.account, None, target, proved_at=at)
    messages.success(request, _("That is confirmed. You can go on here within ten minutes."))
    if proven.device is not None:
        return target
    return know_browser(request, proven.account, None, target, proved_at=at)


def _begin_anew(request: HttpRequest, text: str) -> HttpResponse:
    if "sure" not in request.POST:
        raise invalid("/sure", _("Please tick the box first, if it is true."))
    account = logins.not_me(step_up_text=text, at=timezone.now())
    return enter(request, account, None, redirect("me"))

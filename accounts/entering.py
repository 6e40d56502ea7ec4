"""What the pages of logins share: enter with a browser, go on, ask for the document first."""

from datetime import datetime

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import devices, step_up
from accounts.errors import StepUpNeeded
from accounts.models import Account, KnownDevice
from accounts.permissions import account_of
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off

NEXT_KEY = "login_next"
STEP_UP_KEY = "step_up"


def to_check(request: HttpRequest, question: StepUpNeeded, goal: str) -> HttpResponse:
    """Send somebody to the page that asks for the document, and from there to `goal`."""
    request.session[STEP_UP_KEY], request.session[NEXT_KEY] = question.members["step_up"], goal
    return redirect("login-check")


def enter(
    request: HttpRequest,
    account: Account,
    known: KnownDevice | None,
    onward: HttpResponse,
    *,
    proved_at: datetime | None = None,
) -> HttpResponse:
    """Log the account in with this browser, which is known from then on."""
    auth.login(request, account)
    if request.session.session_key is None:
        request.session.create()
    return know_browser(request, account, known, onward, proved_at=proved_at)


def know_browser(
    request: HttpRequest,
    account: Account,
    known: KnownDevice | None,
    onward: HttpResponse,
    *,
    proved_at: datetime | None = None,
) -> HttpResponse:
    """Note that the account is logged in with this browser, and when it proved itself here."""
    _device, token = devices.remember(
        account=account,
        device=known,
        kind=devices.kind_of(request),
        session=request.session.session_key or "",
        at=timezone.now(),
        proved_at=proved_at,
    )
    devices.hand_over(onward, request, token)
    return onward


def again(
    request: HttpRequest, template: str, context: dict[str, object], refusal: Refusal
) -> HttpResponse:
    """Show the form again with what was wrong, and with the refusal's own status."""
    return held_off(render(request, template, context, status=refusal.status), refusal)


def onward(request: HttpRequest, goal: str, otherwise: str) -> HttpResponseRedirect:
    """Return the redirect to an address of this service, or `otherwise` if `goal` is none."""
    here = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(goal, here, require_https=request.is_secure())
    return HttpResponseRedirect(goal if safe else otherwise)


def ask_again(request: HttpRequest, goal: str) -> HttpResponse | None:
    """Ask whoever is logged in, before what cannot be undone.

    Return the redirect to the page that asks and then goes on to `goal`, or None if nothing is to
    be asked, because they proved themselves with this browser a moment ago.
    """
    try:
        step_up.require_recent(
            account=account_of(request), device=devices.here(request), at=timezone.now()
        )
    except StepUpNeeded as question:
        return to_check(request, question, goal)
    return None

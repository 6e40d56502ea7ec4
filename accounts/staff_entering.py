"""How staff get from the password to their pages: with a second factor where they need one."""

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import second_factor, staff_sessions
from accounts.context import LINKS
from accounts.entering import enter, onward
from accounts.models import Account, KnownDevice


def after_password(
    request: HttpRequest, account: Account, known: KnownDevice | None, goal: str, *, at: datetime
) -> HttpResponse:
    """Ask for the second factor, or log in an account that needs none and has none."""
    if not second_factor.is_asked(account):
        return enter_staff(request, account, known, goal, has_proved=False, at=at)
    staff_sessions.begin_pending(request, account, known, goal, at=at)
    return redirect("second-factor")


def enter_staff(
    request: HttpRequest,
    account: Account,
    known: KnownDevice | None,
    goal: str,
    *,
    has_proved: bool,
    at: datetime,
) -> HttpResponse:
    """Log in somebody of the staff, who has shown a second factor if `has_proved`."""
    answer = enter(request, account, known, onward(request, goal, _home_of(account)))
    staff_sessions.begin(request, has_proved=has_proved, at=at)
    return answer


def to_second_factor(goal: str) -> HttpResponse:
    """Send somebody who is logged in to the page that asks for a second factor, then to `goal`."""
    return redirect(f"{reverse('second-factor')}?{urlencode({'next': goal})}")


def _home_of(account: Account) -> str:
    roles = {role for role, _area in account.held}
    return next((href for role, (href, _name) in LINKS.items() if role in roles), "/")

"""The pages on which staff set up, show, add and remove their second factors."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from textwrap import wrap
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import (
    authenticator_apps,
    devices,
    passkeys,
    second_factor,
    setup_secrets,
    staff_sessions,
)
from accounts.entering import again, onward
from accounts.errors import invalid
from accounts.forms import faults_of
from accounts.models import OF_PEOPLE, Account, KnownDevice
from accounts.passkeys import Challenge
from accounts.permissions import account_of, role_required
from accounts.staff_entering import enter_staff, to_second_factor
from healthcode.web import texts
from healthcode.web.errors import Refusal

CHALLENGE_KEY: Final = "passkey_challenge"


@dataclass(frozen=True, slots=True)
class FactorHolder:
    """Who is to show a second factor: somebody who is logging in, or who is logged in already."""

    account: Account
    device: KnownDevice | None
    goal: str
    is_logging_in: bool

    def go_on(self, request: HttpRequest, *, at: datetime) -> HttpResponse:
        """Log the holder in, or note the proof, and lead to where they wanted to go."""
        if self.is_logging_in:
            return enter_staff(
                request, self.account, self.device, self.goal, has_proved=True, at=at
            )
        staff_sessions.note_proof(request, at=at)
        return onward(request, self.goal, "/")


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for a second factor: after the password, or before something that needs a fresh one."""
    at = timezone.now()
    holder = _holder(request, at=at)
    if holder is None:
        return redirect("staff-login")
    if not second_factor.factors_of(holder.account).are_set_up:
        return _to_first(holder)
    try:
        if request.method == "GET":
            return render(request, "accounts/second_factor.html", _to_show(request, holder, at=at))
        _prove(request, holder, at=at)
    except Refusal as refusal:
        context = _to_show(request, holder, at=at) | {"faults": faults_of(refusal)}
        return again(request, "accounts/second_factor.html", context, refusal)
    return holder.go_on(request, at=at)


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Let somebody who has no second factor set up the first one."""
    at = timezone.now()
    holder = _holder(request, at=at)
    if holder is None:
        return redirect("staff-login")
    if second_factor.factors_of(holder.account).are_set_up:
        return redirect("second-factor")
    try:
        if request.method == "GET":
            return render(request, "accounts/first_factor.html", _to_add(request, holder, at=at))
        _add(request, holder.account, at=at)
    except Refusal as refusal:
        context = _to_add(request, holder, at=at) | {"faults": faults_of(refusal)}
        return again(request, "accounts/first_factor.html", context, refusal)
    return holder.go_on(request, at=at)


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
@role_required(*sorted(OF_PEOPLE))
def own_factors(request: HttpRequest) -> HttpResponse:
    """Show the second factors of the account. A POST adds or removes one."""
    account, at = account_of(request), timezone.now()
    holder = FactorHolder(account, None, request.path, is_logging_in=False)
    is_fresh = staff_sessions.has_just_proved(request, at=at)
    try:
        if request.method == "GET":
            context = _to_list(request, holder, is_fresh=is_fresh, at=at)
            return render(request, "accounts/own_factors.html", context)
        if not is_fresh:
            return to_second_factor(request.path)
        step = _STEPS.get(request.POST.get("step", ""))
        if step is None:
            raise invalid("/step", _("Please choose what to do."))
        step(request, account, at)
    except Refusal as refusal:
        context = _to_list(request, holder, is_fresh=is_fresh, at=at)
        context["faults"] = faults_of(refusal)
        return again(request, "accounts/own_factors.html", context, refusal)
    messages.success(request, _("Done."))
    return redirect("own-factors")


def _holder(request: HttpRequest, *, at: datetime) -> FactorHolder | None:
    pending = staff_sessions.pending_login(request, at=at)
    if pending is not None:
        return FactorHolder(pending.account, pending.device, pending.goal, is_logging_in=True)
    if isinstance(request.user, Account) and any(
        role in OF_PEOPLE for role, _ in request.user.held
    ):
        goal = request.POST.get("next", request.GET.get("next", ""))
        return FactorHolder(request.user, devices.here(request), goal, is_logging_in=False)
    return None


def _to_first(holder: FactorHolder) -> HttpResponse:
    query = "" if holder.is_logging_in else f"?{urlencode({'next': holder.goal})}"
    return redirect(f"{reverse('first-factor')}{query}")


def _to_show(request: HttpRequest, holder: FactorHolder, *, at: datetime) -> dict[str, object]:
    factors = second_factor.factors_of(holder.account)
    context: dict[str, object] = {"goal": holder.goal, "has_app": factors.app is not None}
    if factors.usable:
        options, challenge = passkeys.begin_proof(account=holder.account, at=at)
        request.session[CHALLENGE_KEY] = asdict(challenge)
        context["passkey"] = {"options": options, "phrases": _phrases()}
    return context


def _to_add(request: HttpRequest, holder: FactorHolder, *, at: datetime) -> dict[str, object]:
    options, challenge = passkeys.begin_registration(account=holder.account, at=at)
    request.session[CHALLENGE_KEY] = asdict(challenge)
    context: dict[str, object] = {
        "goal": holder.goal,
        "username": holder.account.username,
        "passkey": {"options": options, "phrases": _phrases()},
    }
    if second_factor.factors_of(holder.account).app is None:
        secret = setup_secrets.secret_of(request, holder.account)
        context["secret"] = " ".join(wrap(secret, 4))
        context["picture"] = setup_secrets.picture_of(secret, account=holder.account)
    return context


def _to_list(
    request: HttpRequest, holder: FactorHolder, *, is_fresh: bool, at: datetime
) -> dict[str, object]:
    factors = second_factor.factors_of(holder.account)
    context: dict[str, object] = {"factors": factors, "is_fresh": is_fresh}
    return context | (_to_add(request, holder, at=at) if is_fresh else {})


def _prove(request: HttpRequest, holder: FactorHolder, *, at: datetime) -> None:
    if request.POST.get("step") == "app":
        code = request.POST.get("code", "")
        authenticator_apps.prove(account=holder.account, code=code, device=holder.device, at=at)
        return
    sent, challenge = request.POST.get("credential", ""), _challenge(request)
    passkeys.prove(account=holder.account, challenge=challenge, sent=sent, at=at)


def _add(request: HttpRequest, account: Account, *, at: datetime) -> None:
    step = {"app": _add_app, "passkey": _add_passkey}.get(request.POST.get("step", ""))
    if step is None:
        raise invalid("/step", _("Please choose what to do."))
    step(request, account, at)


def _add_passkey(request: HttpRequest, account: Account, at: datetime) -> None:
    sent, name = request.POST.get("credential", ""), request.POST.get("name", "")
    passkeys.register(
        account=account,
        challenge=_challenge(request),
        sent=sent,
        name=name,
        here=devices.here(request),
        at=at,
    )


def _add_app(request: HttpRequest, account: Account, at: datetime) -> None:
    secret, code = setup_secrets.secret_of(request, account), request.POST.get("code", "")
    here = devices.here(request)
    authenticator_apps.register(account=account, secret=secret, code=code, here=here, at=at)
    setup_secrets.forget(request)


def _remove_passkey(request: HttpRequest, account: Account, at: datetime) -> None:
    number = texts.whole(request.POST.get("passkey", ""))
    second_factor.remove_passkey(account=account, passkey_id=number, at=at)


def _remove_app(_request: HttpRequest, account: Account, at: datetime) -> None:
    second_factor.remove_app(account=account, at=at)


_STEPS: Final[Mapping[str, Callable[[HttpRequest, Account, datetime], None]]] = {
    "app": _add_app,
    "passkey": _add_passkey,
    "remove-app": _remove_app,
    "remove-passkey": _remove_passkey,
}
"""What the forms of the page can ask for."""


def _challenge(request: HttpRequest) -> Challenge | None:
    """Take the challenge out of the session: each one counts once."""
    kept: dict[str, Any] | None = request.session.pop(CHALLENGE_KEY, None)
    return Challenge(**kept) if kept else None


def _phrases() -> dict[str, str]:
    """Return what the script says when the browser makes or shows no passkey."""
    return {
        "cancelled": _("No passkey was used: the window was closed, or it took too long."),
        "known": _("This device has a passkey for this account already."),
        "wrong-place": _("Passkeys do not work at this address. Please open the address of staff."),
        "failed": _("The browser could not use a passkey. Please try again."),
    }

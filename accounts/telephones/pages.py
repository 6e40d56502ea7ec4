"""The pages with which the holder of an account changes its telephone."""

from typing import Final

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import client, devices, masks, phones
from accounts.entering import again, ask_again, to_check
from accounts.errors import StepUpNeeded
from accounts.forms import faults_of
from accounts.logins import SHARED_DIGITS
from accounts.models import Role
from accounts.permissions import account_of, role_required
from accounts.session_phones import sealed, unsealed
from accounts.telephones.codes import TypedCode
from accounts.telephones.services import Here, begin_change, change_phone, number_of
from healthcode.web.errors import Refusal

CHANGE_KEY: Final = "phone_change"
"""In the session: the new number, sealed, and the logins of both codes with their digits."""
TYPED_KEY: Final = "typed_phone"
"""In the session: the number, sealed, that was typed before the document was asked for."""


@never_cache
@sensitive_post_parameters("phone")
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def own_phone(request: HttpRequest) -> HttpResponse:
    """Ask for the new number. A POST sends a code to it, and one to the old number.

    With `lost`, the old telephone is not at hand: then the document is asked for instead.
    """
    account = account_of(request)
    is_lost = account.phone_index is None or "lost" in request.POST or "lost" in request.GET
    context: dict[str, object] = {
        "is_lost": is_lost,
        "old": None if account.phone_index is None else masks.phone(number_of(account)),
    }
    if request.method == "GET":
        typed = request.session.get(TYPED_KEY) if is_lost else None
        context["typed"] = unsealed(typed) if typed else ""
        return render(request, "accounts/phone.html", context)
    if is_lost and (asked := ask_again(request, f"{reverse('own-phone')}?lost=1")):
        request.session[TYPED_KEY] = sealed(request.POST.get("phone", "")[:64])
        return asked
    if is_lost and "phone" not in request.POST:
        return redirect(f"{reverse('own-phone')}?lost=1")
    try:
        return _begin(request, has_old=not is_lost)
    except Refusal as refusal:
        context |= {"faults": faults_of(refusal), "typed": request.POST.get("phone", "")}
        return again(request, "accounts/phone.html", context, refusal)


def _begin(request: HttpRequest, *, has_old: bool) -> HttpResponse:
    number = phones.normalise(request.POST.get("phone", ""))
    begun = begin_change(
        account=account_of(request),
        phone=number,
        has_old=has_old,
        here=Here(devices.here(request)),
        address=client.address(request),
        device_tokens=devices.tokens_of(request),
        at=timezone.now(),
    )
    old = begun.old
    request.session.pop(TYPED_KEY, None)
    request.session[CHANGE_KEY] = (
        *(sealed(number), begun.new.login, begun.new.digits),
        *(old.login if old else None, old.digits if old else 0),
    )
    return redirect("own-phone-codes")


@never_cache
@sensitive_post_parameters("otp", "old_otp")
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def own_phone_codes(request: HttpRequest) -> HttpResponse:
    """Ask for the codes that the telephones received; with them, the number is changed."""
    if CHANGE_KEY not in request.session:
        return redirect("own-phone")
    kept, login, digits, old_login, old_digits = request.session[CHANGE_KEY]
    number = unsealed(kept)
    context: dict[str, object] = {
        "phone": masks.phone(number),
        "has_old": old_login is not None,
        "is_shared": SHARED_DIGITS in (digits, old_digits),
    }
    if request.method == "GET":
        return render(request, "accounts/phone_codes.html", context)
    new = TypedCode(number, request.POST.get("otp", ""), login)
    old = old_login and TypedCode("", request.POST.get("old_otp", ""), old_login)
    try:
        return _change(request, new, old)
    except StepUpNeeded as question:
        return to_check(request, question, reverse("own-phone-codes"))
    except Refusal as refusal:
        context["faults"] = faults_of(refusal)
        return again(request, "accounts/phone_codes.html", context, refusal)


def _change(request: HttpRequest, new: TypedCode, old: TypedCode | None) -> HttpResponse:
    account, here = account_of(request), devices.here(request)
    change_phone(
        account=account,
        new=new,
        old=old,
        here=Here(here),
        address=client.address(request),
        at=timezone.now(),
    )
    del request.session[CHANGE_KEY]
    auth.update_session_auth_hash(request, account)
    if here is not None:
        devices.move_session(device=here, session=request.session.session_key or "")
    messages.success(
        request,
        _("Done. You log in with the new number from now on. All other devices are logged out."),
    )
    return redirect("me")

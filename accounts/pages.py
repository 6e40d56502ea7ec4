"""The pages for logging in, for the people of an account, and for staff."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import auth, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import (
    client,
    devices,
    invitations,
    logins,
    masks,
    passwords,
    phones,
    second_factor,
    selectors,
    services,
    sign_ins,
    staff_sessions,
    step_up,
)
from accounts.entering import NEXT_KEY, again, enter, onward, to_check
from accounts.errors import StepUpNeeded, invalid
from accounts.event_models import AccountEventKind
from accounts.forms import Faults, PersonForm, faults_of
from accounts.models import OF_PEOPLE, Account, IdType, Relation, Role
from accounts.permissions import account_of, role_required
from accounts.session_phones import sealed, unsealed
from accounts.staff_entering import after_password, to_second_factor
from healthcode.web.errors import Refusal
from healthcode.web.pages import FORGET

PHONE_KEY = "login_phone"
LOGIN_KEY = "login"


@never_cache
@sensitive_post_parameters("phone")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Ask for the phone number, the first step of a resident's login."""
    # `next` is in the form and not in a session, so that reading this page writes nothing.
    goal = request.POST.get("next", request.GET.get("next", ""))
    if request.method == "GET":
        return render(request, "accounts/login.html", {"next": goal})
    try:
        number = phones.normalise(request.POST.get("phone", ""))
        _start_login(request, number)
    except Refusal as refusal:
        faults = faults_of(refusal)
        context = {
            "faults": faults,
            "next": goal,
            "typed": request.POST.get("phone", "") if "phone" in faults else "",
            "waiting": PHONE_KEY in request.session,
        }
        return again(request, "accounts/login.html", context, refusal)
    request.session[PHONE_KEY], request.session[NEXT_KEY] = sealed(number), goal
    return redirect("login-code")


@never_cache
@sensitive_post_parameters("otp")
@require_http_methods(["GET", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that the phone received, or send a new one (`again`)."""
    if PHONE_KEY not in request.session:
        return redirect("login")
    number = unsealed(request.session[PHONE_KEY])
    login, digits = request.session.get(LOGIN_KEY, ("", logins.DIGITS))
    context: dict[str, object] = {
        "phone": masks.phone(number),
        "is_shared": digits == logins.SHARED_DIGITS,
    }
    if request.method == "GET":
        return render(request, "accounts/login_code.html", context)
    try:
        if "again" in request.POST:
            if _start_login(request, number).digits == logins.DIGITS:
                messages.info(request, _("We have sent you a new code."))
            return redirect("login-code")
        account, known = logins.verify_code(
            phone=number,
            otp=request.POST.get("otp", ""),
            login=login,
            address=client.address(request),
            at=timezone.now(),
        )
    except StepUpNeeded as question:
        _forget_login(request)
        return to_check(request, question, request.session.get(NEXT_KEY, ""))
    except Refusal as refusal:
        context["faults"] = faults_of(refusal)
        return again(request, "accounts/login_code.html", context, refusal)
    _forget_login(request)
    return enter(request, account, known, onward(request, request.session.get(NEXT_KEY, ""), "/me"))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def staff_login(request: HttpRequest) -> HttpResponse:
    """Log in officers, administrators and venue managers by name and password."""
    goal = request.POST.get("next", request.GET.get("next", ""))
    context: dict[str, object] = {"next": goal, "username": request.POST.get("username", "")}
    if request.method == "GET":
        elsewhere = _address_of_staff(request)
        return elsewhere or render(request, "accounts/staff_login.html", context)
    try:
        account, known = passwords.verify_password(
            username=request.POST.get("username", ""),
            password=request.POST.get("password", ""),
            at=timezone.now(),
            address=client.address(request),
            device_tokens=devices.tokens_of(request),
        )
    except Refusal as refusal:
        context["faults"] = faults_of(refusal)
        return again(request, "accounts/staff_login.html", context, refusal)
    return after_password(request, account, known, goal, at=timezone.now())


@never_cache
@sensitive_post_parameters("password", "again", "code")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Let somebody of the staff choose their password, with the link that they were given."""
    code, at = request.POST.get("code", request.GET.get("code", "")), timezone.now()
    context: dict[str, object] = {"code": code}
    try:
        context["username"] = invitations.invited(code, at=at).username
        if request.method == "GET":
            return render(request, "accounts/invitation.html", context)
        password = request.POST.get("password", "")
        if password != request.POST.get("again", ""):
            raise invalid("/password", _("The two passwords differ. Please type them again."))
        account = invitations.accept(token=code, password=password, at=at)
    except ValidationError as weak:
        context["faults"] = Faults({"password": " ".join(weak.messages)})
        return render(request, "accounts/invitation.html", context, status=422)
    except Refusal as refusal:
        context["faults"] = faults_of(refusal)
        return again(request, "accounts/invitation.html", context, refusal)
    if not second_factor.is_needed(account):
        messages.success(request, _("Your password is set. You can log in now."))
        return redirect("staff-login")
    messages.success(request, _("Your password is set. One more step, and you are done."))
    return after_password(request, account, None, "", at=at)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(*sorted(OF_PEOPLE))
def staff_token(request: HttpRequest) -> HttpResponse:
    """Make a token for the interface, for whoever of the staff is logged in, and show it once."""
    if not staff_sessions.has_proved(request):
        return to_second_factor(request.path)
    if request.method == "GET":
        return render(request, "accounts/staff_token.html")
    token, expires_at = services.issue_own_token(account=account_of(request), at=timezone.now())
    context = {"token": token, "expires_at": expires_at}
    return render(request, "accounts/staff_token.html", context)


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, Account):
        kind, device = AccountEventKind.LOGGED_OUT, devices.kind_of(request)
        sign_ins.note(account=request.user, kind=kind, device=device, at=timezone.now())
    auth.logout(request)
    messages.info(request, _("You are logged out."), extra_tags=FORGET)
    return redirect("/")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
def people(request: HttpRequest) -> HttpResponse:
    """Show the account's holder and the people that the holder looks after, with links for each."""
    account = account_of(request)
    context = {
        "people": selectors.people_of(account),
        "is_locked": step_up.is_locked(account),
        "has_telephone": account.phone_index is not None,
    }
    return render(request, "accounts/people.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT, *sorted(OF_PEOPLE))
def own_devices(request: HttpRequest) -> HttpResponse:
    """Show where the account is logged in. A POST ends one of them (`end`) or all others."""
    account = account_of(request)
    known = devices.devices_of(account)
    here = next((row for row in known if row.session == request.session.session_key), None)
    if request.method == "GET":
        context = {"devices": known, "here": here, "events": sign_ins.events_of(account)}
        return render(request, "accounts/devices.html", context)
    at = timezone.now()
    if "end" in request.POST:
        chosen = next((row.pk for row in known if str(row.pk) == request.POST["end"]), 0)
        devices.end_device(account=account, device_id=chosen, at=at)
    else:
        devices.end_other_devices(account=account, keep=here, token=None, at=at)
        auth.update_session_auth_hash(request, account)
        if here is not None:
            devices.move_session(device=here, session=request.session.session_key or "")
    messages.success(request, _("Done. Whoever uses such a device must log in again."))
    return redirect("own-devices")


@never_cache
@sensitive_post_parameters("name", "id_number", "phone")
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def add_person(request: HttpRequest) -> HttpResponse:
    """Register yourself or somebody you look after, then continue to the declaration."""
    account = account_of(request)
    if request.method == "GET":
        return _person_form(request, account, Faults())
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _person_form(request, account, form.faults, status=422)
    try:
        person = services.register_person(account=account, **form.validated_data, at=timezone.now())
    except Refusal as refusal:
        return _person_form(request, account, faults_of(refusal), status=refusal.status)
    messages.success(request, _("You are registered. One more step: how are you today?"))
    return redirect(f"/people/{person.id}/declare")


def _person_form(
    request: HttpRequest, account: Account, faults: Faults, *, status: int = 200
) -> HttpResponse:
    has_holder = account.guardianships.filter(relation=Relation.SELF).exists()
    relations = [choice for choice in Relation.choices if not has_holder or choice[0] != "self"]
    context = {
        "faults": faults,
        "values": request.POST,
        "home_area": request.POST.get("home_area", request.GET.get("home_area", "")),
        "relations": relations,
        "has_holder": has_holder,
        "id_types": IdType.choices,
    }
    return render(request, "accounts/add_person.html", context, status=status)


def _start_login(request: HttpRequest, number: str) -> logins.Started:
    """Send a code, and keep in the session which login it belongs to."""
    started = logins.start_login(
        phone=number,
        address=client.address(request),
        device_tokens=devices.tokens_of(request),
        at=timezone.now(),
    )
    request.session[LOGIN_KEY] = (started.login, started.digits)
    return started


def _forget_login(request: HttpRequest) -> None:
    for key in (PHONE_KEY, LOGIN_KEY):
        request.session.pop(key, None)


def _address_of_staff(request: HttpRequest) -> HttpResponse | None:
    """Return the way from the residents' host to that of staff, to which passkeys belong.

    None if this is it, or if there is only one.
    """
    residents, staff = (urlsplit(url).netloc for url in (settings.BASE_URL, settings.STAFF_URL))
    if request.get_host() == residents != staff:
        return redirect(f"{settings.STAFF_URL}{request.get_full_path()}")
    return None

"""The pages of administrators: who has which role in their area, and every step with an account."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authority import areas_of, has_authority, normalise_code, province
from accounts.errors import invalid
from accounts.forms import Faults, faults_of
from accounts.grants import has_ended
from accounts.idempotency import sent_once
from accounts.models import Grant, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.acts.models import Proposal
from healthcode.acts.proposals import waiting_for
from healthcode.administration import staff
from healthcode.administration.administrator import Administrator
from healthcode.administration.errors import RoleEnded
from healthcode.administration.plans import (
    MOST_OF_A_GRANT,
    STAFF_ROLES,
    ChangedAccount,
    StaffGrant,
)
from healthcode.administration.roles import ROLE_NAMES, last_day
from healthcode.administration.selectors import (
    SOON,
    StaffAccount,
    end_soon,
    staff_account,
    staff_of,
)
from healthcode.areas.selectors import full_names
from healthcode.core.instants import read_date
from healthcode.web import texts
from healthcode.web.days import day_of
from healthcode.web.errors import NotFound, Refusal

Done = ChangedAccount | Proposal | None


@never_cache
@require_safe
@role_required(Role.ADMINISTRATOR)
def overview(request: HttpRequest) -> HttpResponse:
    """List everybody who has a role in the administrator's areas."""
    account, at = account_of(request), timezone.now()
    name = texts.sought(request.GET.get("name", ""))
    context = {
        "name": name,
        "rows": _named(staff_of(account, name=name, at=at), at),
        "end_soon": end_soon(account, at=at),
        "areas": _areas(areas_of(account, Role.ADMINISTRATOR)),
        "waiting": waiting_for(account, at=at),
        "has_partners": has_authority(account, Role.ADMINISTRATOR, province()),
    }
    return render(request, "administration/staff.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
@sent_once
def grant(request: HttpRequest) -> HttpResponse:
    """Give somebody a role, or propose it; the account is made if there is none."""
    if request.method == "GET":
        return _grant_form(request, Faults())
    try:
        return _onward(request, _granted(request), _("The role is given."))
    except Refusal as refusal:
        return _grant_form(request, faults_of(refusal), status=refusal.status)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show an account with its roles and tokens; when a form is sent, do what it says."""
    at = timezone.now()
    try:
        shown = staff_account(account_of(request), account_id, at=at)
    except NotFound as missing:
        return render(request, "web/error.html", {"advice": missing.detail}, status=404)
    if request.method == "GET":
        return _account_page(request, shown)
    try:
        if request.POST.get("step") == "link":
            to = account_of(request)
            link = staff.show_invitation(to=to, account=shown.account, at=at)
            return _account_page(request, shown, link=link)
        if request.POST.get("step") == "issue":
            return _account_page(request, shown, token=_issued(request, shown, at))
        step = STEPS.get(request.POST.get("step", ""))
        if step is None:
            raise invalid("/step", _("Please choose what to do."))
        by = Administrator(account_of(request), read_ground(**sent_ground(request.POST)))
        return _onward(request, step(request, by, shown, at), _("Done."), account_id)
    except Refusal as refusal:
        return _account_page(request, shown, fault=str(refusal.detail), status=refusal.status)


def _granted(request: HttpRequest) -> Done:
    sent = request.POST
    if sent.get("role") not in STAFF_ROLES:
        raise invalid("/role", _("Please choose a role."))
    if not sent.get("area") and "country" not in sent:
        raise invalid("/area", _("Please choose an area."))
    area = "" if "country" in sent else normalise_code(sent["area"])
    by = Administrator(account_of(request), read_ground(**sent_ground(sent)))
    given = StaffGrant(sent.get("username", ""), Role(sent["role"]), area, until=_day(sent))
    return staff.add_staff(by=by, grant=given, at=timezone.now())


def _day(sent: QueryDict) -> date | None:
    """Return the last day that was typed, None if none was. Raises InvalidInput for other texts."""
    typed = texts.trimmed(sent.get("until", ""))
    try:
        return read_date(typed) if typed else None
    except ValueError:
        raise invalid("/until", _("Please choose a day.")) from None


def _take_back(request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    chosen = request.POST.get("grant", "")
    grant = next((one for one in shown.grants if str(one.pk) == chosen), None)
    if grant is None:
        raise RoleEnded
    staff.take_back(by=by, grant=grant, at=at)
    return None


def _reset(_request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    return staff.reset_password(by=by, account=shown.account, at=at)


def _close(_request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    staff.set_open(by=by, account=shown.account, is_open=False, at=at)
    return None


def _reopen(_request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    staff.set_open(by=by, account=shown.account, is_open=True, at=at)
    return None


def _issued(request: HttpRequest, shown: StaffAccount, at: datetime) -> str:
    sent = request.POST
    return staff.issue_token(
        by=Administrator(account_of(request), read_ground(**sent_ground(sent))),
        account=shown.account,
        label=sent.get("label", ""),
        expires_at=staff.end_of_token(texts.whole(sent.get("days", "")), at=at),
        at=at,
    )


def _set_phone(request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    staff.set_phone(by=by, account=shown.account, phone=request.POST.get("phone", ""), at=at)
    return None


def _revoke(request: HttpRequest, by: Administrator, shown: StaffAccount, at: datetime) -> Done:
    chosen = request.POST.get("token", "")
    token = next((one for one in shown.tokens if str(one.pk) == chosen), None)
    if token is None:
        raise NotFound(_("This token has ended already."))
    staff.revoke_token(by=by, token=token, at=at)
    return None


Step = Callable[[HttpRequest, Administrator, StaffAccount, datetime], Done]
STEPS: Final[Mapping[str, Step]] = {
    "reset": _reset,
    "close": _close,
    "reopen": _reopen,
    "revoke": _revoke,
    "take-back": _take_back,
    "phone": _set_phone,
}
"""What the form of an account can ask for, each with a ground."""


def _onward(
    request: HttpRequest, done: Done, said: str, account_id: int | None = None
) -> HttpResponse:
    """Lead to the proposal that waits, or to the account that was changed."""
    if isinstance(done, Proposal):
        return redirect("officer-proposal", done.pk)
    messages.success(request, said)
    return redirect("administration-account", done.account.pk if done else account_id)


def _grant_form(request: HttpRequest, faults: Faults, *, status: int = 200) -> HttpResponse:
    held, today = areas_of(account_of(request), Role.ADMINISTRATOR), day_of(timezone.now())
    context = {
        "faults": faults,
        "ground_fault": faults.get("ground") or faults.get("ground_kind", ""),
        "sent": request.POST or request.GET,
        "roles": [(role.value, ROLE_NAMES[role]) for role in Role if role in STAFF_ROLES],
        "areas": _areas(held),
        "has_country": "" in held,
        "days": (today, today + MOST_OF_A_GRANT),
    }
    return render(request, "administration/grant.html", context, status=status)


def _account_page(
    request: HttpRequest,
    shown: StaffAccount,
    *,
    link: str = "",
    token: str = "",
    fault: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "shown": shown,
        "rows": _named(shown.grants, timezone.now()),
        "link": link,
        "token": token,
        "fault": fault,
        "sent": request.POST,
    }
    return render(request, "administration/account.html", context, status=status)


@dataclass(frozen=True, slots=True)
class _ShownGrant:
    """A grant with the names of its role and its area. `until` is its last day, if it has one."""

    grant: Grant
    role: object
    area: object
    until: date | None
    has_ended: bool
    ends_soon: bool


def _named(grants: Collection[Grant], at: datetime) -> list[_ShownGrant]:
    areas = dict(_areas(sorted({one.area for one in grants})))
    return [
        _ShownGrant(
            grant=one,
            role=ROLE_NAMES[Role(one.role)],
            area=areas[one.area],
            until=last_day(one),
            has_ended=has_ended(one, at),
            ends_soon=has_ended(one, at + SOON),
        )
        for one in grants
    ]


def _areas(codes: list[str]) -> list[tuple[str, object]]:
    names = full_names(codes)
    return [(code, names.get(code, code) if code else _("the whole country")) for code in codes]

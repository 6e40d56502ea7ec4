"""The pages of administrators about partners' systems: admit, change and end one."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import Faults, faults_of
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.administration import services
from healthcode.administration.administrator import Administrator
from healthcode.administration.venue_selectors import partner_for, partners_for
from healthcode.web import texts
from healthcode.web.errors import Refusal
from verifier.models import Partner
from verifier.partners.services import CODES_PER_MINUTE, SCOPES


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
def partners(request: HttpRequest) -> HttpResponse:
    """List the partners' systems; admit another one on POST."""
    known = list(partners_for(account_of(request)))
    if request.method == "GET":
        return _partners(request, known, Faults())
    try:
        services.admit_partner(by=_by(request), terms=_terms(request), at=timezone.now())
    except Refusal as refusal:
        return _partners(request, known, faults_of(refusal), status=refusal.status)
    messages.success(request, _("Done."))
    return redirect("administration-partners")


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
def partner(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show a partner's system; change or end it on POST."""
    shown = partner_for(account_of(request), account_id)
    if request.method == "GET":
        return _partner(request, shown, Faults())
    at = timezone.now()
    try:
        if request.POST.get("step") == "end":
            services.end_partner(by=_by(request), partner=shown, at=at)
        else:
            services.add_partner(by=_by(request), terms=_terms(request, shown), at=at)
    except Refusal as refusal:
        return _partner(request, shown, faults_of(refusal), status=refusal.status)
    messages.success(request, _("Done."))
    return redirect("administration-partners")


def _by(request: HttpRequest) -> Administrator:
    return Administrator(account_of(request), read_ground(**sent_ground(request.POST)))


def _terms(request: HttpRequest, known: Partner | None = None) -> services.PartnerTerms:
    """Return what a form says. A known partner keeps its name, and its keys if none are sent."""
    sent = request.POST
    keys = texts.trimmed(sent.get("keys", ""))
    if known is not None and not keys:
        keys = json.dumps(known.keys)
    return services.PartnerTerms(
        name=str(known.account.username) if known else sent.get("username", ""),
        keys=keys.encode("utf-8", "surrogatepass"),
        scopes=sent.getlist("scopes"),
        codes_per_minute=texts.whole(sent.get("codes_per_minute", "")),
        contact=sent.get("contact", ""),
    )


def _partners(
    request: HttpRequest, known: list[Partner], faults: Faults, *, status: int = 200
) -> HttpResponse:
    form = {"scopes": [], "keys": "", "codes_per_minute": CODES_PER_MINUTE}
    context = {"partners": known, **_form(request, faults, form)}
    return render(request, "administration/partners.html", context, status=status)


def _partner(
    request: HttpRequest, shown: Partner, faults: Faults, *, status: int = 200
) -> HttpResponse:
    form = {
        "scopes": texts.words(shown.scopes),
        "keys": "",
        "codes_per_minute": shown.codes_per_minute,
        "contact": shown.contact,
    }
    keys = [key["kid"] for key in shown.keys["keys"]]
    context = {"partner": shown, "keys": keys, **_form(request, faults, form)}
    return render(request, "administration/partner.html", context, status=status)


def _form(request: HttpRequest, faults: Faults, form: dict[str, object]) -> dict[str, object]:
    """Return what the fields show: what was sent, else `form`."""
    sent = request.POST.dict()
    return {
        "faults": faults,
        "ground_fault": faults.get("ground") or faults.get("ground_kind", ""),
        "sent": form | sent | {"scopes": request.POST.getlist("scopes") or form["scopes"]},
        "scopes": SCOPES,
    }

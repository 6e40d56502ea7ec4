"""The pages of administrators about venues: who manages each, and every step with one."""

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authority import normalise_code
from accounts.forms import Faults, faults_of
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.administration import services
from healthcode.administration.administrator import Administrator
from healthcode.administration.venue_selectors import ON_A_PAGE, venue_within, venues_within
from healthcode.areas.selectors import full_name, full_names
from healthcode.web import texts
from healthcode.web.errors import Refusal
from verifier.models import Venue, VenueKind
from verifier.venues.hands import manager_named
from verifier.venues.page_parts import kind_sent, state_of, yellow_sent
from verifier.venues.selectors import management_of
from verifier.venues.steps import take_step

SHOWN: Final = ("enrolled", "waiting")
"""The states of devices that an administrator can block."""


@never_cache
@require_safe
@role_required(Role.ADMINISTRATOR)
def venues(request: HttpRequest) -> HttpResponse:
    """List the venues of the area, or those that nobody manages."""
    account, at = account_of(request), timezone.now()
    name = texts.sought(request.GET.get("name", ""))
    unmanaged = "unmanaged" in request.GET
    found = venues_within(account, at=at, name=name, only_unmanaged=unmanaged)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    names = full_names(sorted({venue.area for venue in page}))
    context = {
        "name": name,
        "unmanaged": unmanaged,
        "page": page,
        "rows": [(venue, names.get(venue.area, venue.area)) for venue in page],
        "nobodys": venues_within(account, at=at, only_unmanaged=True).count(),
    }
    return render(request, "administration/venues.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
def add_venue(request: HttpRequest) -> HttpResponse:
    """Add a venue for a manager."""
    if request.method == "GET":
        return _add_form(request, Faults())
    try:
        venue = services.add_venue(by=_by(request), new=_new(request), at=timezone.now())
    except Refusal as refusal:
        return _add_form(request, faults_of(refusal), status=refusal.status)
    messages.success(request, _("Done."))
    return redirect("administration-venue", venue.pk)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.ADMINISTRATOR)
def venue(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Show a venue with its devices; when a form is sent, do what it says."""
    account, at = account_of(request), timezone.now()
    shown = venue_within(account, venue_id, at=at)
    if request.method == "GET":
        return _venue(request, shown)
    try:
        done = take_step(
            account=account, role=Role.ADMINISTRATOR, venue=shown, sent=request.POST, at=at
        )
    except Refusal as refusal:
        return _venue(request, shown, refusal)
    messages.success(request, str(done))
    return redirect("administration-venue", shown.pk)


def _by(request: HttpRequest) -> Administrator:
    return Administrator(account_of(request), read_ground(**sent_ground(request.POST)))


def _new(request: HttpRequest) -> services.NewVenue:
    sent = request.POST
    area = normalise_code(sent.get("area", ""))
    return services.NewVenue(
        manager=manager_named(sent.get("username", ""), area),
        name=sent.get("name", ""),
        area=area,
        yellow=yellow_sent(sent),
        kind=kind_sent(sent),
    )


def _add_form(request: HttpRequest, faults: Faults, *, status: int = 200) -> HttpResponse:
    context = {
        "faults": faults,
        "ground_fault": faults.get("ground") or faults.get("ground_kind", ""),
        "sent": request.POST or request.GET,
        "kinds": VenueKind.choices,
    }
    return render(request, "administration/add_venue.html", context, status=status)


def _venue(request: HttpRequest, shown: Venue, refusal: Refusal | None = None) -> HttpResponse:
    at = timezone.now()
    devices = [(one, state_of(one, at)) for one in shown.devices.order_by("-created_at", "-pk")]
    context = {
        **management_of(shown, at=at),
        "area": full_name(shown.area),
        "devices": [(one, state, state in SHOWN) for one, state in devices],
        "is_administrator": True,
        "fault": refusal.detail if refusal else "",
        "sent": request.POST,
    }
    status = refusal.status if refusal else 200
    return render(request, "administration/venue.html", context, status=status)

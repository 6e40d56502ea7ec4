"""Pages for managers and deputies of venues: their venues, devices and scans."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Account, Role
from accounts.permissions import account_of, role_required
from healthcode.areas import selectors as areas
from healthcode.web.errors import NotFound, Refusal
from healthcode.web.qr import inline_picture
from verifier.doors import doubts
from verifier.messages import sentence
from verifier.models import Venue, VenueKind
from verifier.recognition.pages import warning
from verifier.venues import selectors, services
from verifier.venues.page_parts import kind_sent, own_venue, state_of, yellow_sent


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.VENUE_MANAGER)
def venues(request: HttpRequest) -> HttpResponse:
    """Show the manager's venues and a form to add another; add it on POST."""
    manager = account_of(request)
    if request.method == "GET":
        return _venues(request, manager)
    try:
        venue = services.create_venue(
            manager=manager,
            name=request.POST.get("name", ""),
            area=request.POST.get("area", ""),
            yellow=yellow_sent(request.POST),
            kind=kind_sent(request.POST),
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _venues(request, manager, refusal)
    return redirect("venue", venue.pk)


@never_cache
@require_GET
@role_required(Role.VENUE_MANAGER)
def venue(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Show one venue: today's scans, what a yellow code means, the devices."""
    return _venue(request, own_venue(account_of(request), venue_id))


@require_POST
@role_required(Role.VENUE_MANAGER)
def set_yellow(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Set what a yellow code means at this venue."""
    venue = own_venue(account_of(request), venue_id)
    try:
        services.admit_yellow(venue=venue, yellow=yellow_sent(request.POST))
    except Refusal as refusal:
        return _venue(request, venue, refusal)
    messages.success(request, _("Saved. The venue's devices use it within seconds."))
    return redirect("venue", venue.pk)


@never_cache
@require_POST
@role_required(Role.VENUE_MANAGER)
def add_device(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Add a device and show the code that enrols it. The code is never shown again."""
    account = account_of(request)
    venue = own_venue(account, venue_id)
    try:
        enrolment = services.add_device(
            venue=venue,
            label=request.POST.get("label", ""),
            at_exit="at_exit" in request.POST,
            at=timezone.now(),
            by=account,
        )
    except NotFound as missing:
        raise Http404 from missing
    except Refusal as refusal:
        return _venue(request, venue, refusal)
    address = f"{settings.BASE_URL}{reverse('scanner')}#enrol={enrolment.code}"
    context = {
        "venue": venue,
        "device": enrolment.device,
        "code": enrolment.code,
        "expires_at": enrolment.expires_at,
        "picture": inline_picture(address),
    }
    return render(request, "verifier/enrolment.html", context)


@require_POST
@role_required(Role.VENUE_MANAGER)
def revoke_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """End a device's right to scan."""
    try:
        device = selectors.device_of(account_of(request), device_id)
    except NotFound as missing:
        raise Http404 from missing
    services.revoke(device=device, at=timezone.now())
    messages.success(request, _("The device can no longer scan."))
    return redirect("venue", device.venue_id)


def _venues(request: HttpRequest, manager: Account, refusal: Refusal | None = None) -> HttpResponse:
    held = list(selectors.venues_of(manager))
    names = areas.names({venue.area for venue in held})
    context = {
        "warning": warning(at=timezone.now()),
        "venues": [(venue, names.get(venue.area, venue.area)) for venue in held],
        "manager": manager,
        "offers": selectors.offered_to(manager, at=timezone.now()),
        "fault": refusal.detail if refusal else "",
        "kinds": VenueKind.choices,
        "values": request.POST or request.GET,
    }
    status = refusal.status if refusal else 200
    return render(request, "verifier/venues.html", context, status=status)


def _venue(request: HttpRequest, venue: Venue, refusal: Refusal | None = None) -> HttpResponse:
    now = timezone.now()
    context = {
        "venue": venue,
        "is_manager": venue.manager_id == account_of(request).pk,
        "area": areas.full_name(venue.area),
        "doubts": doubts.of_today(venue, at=now),
        "outcomes": selectors.outcomes_today(venue, at=now),
        "offline": selectors.offline_today(venue, at=now),
        "differences": [
            (found, sentence(found.given_reason, ""), sentence(found.reason, ""))
            for found in selectors.differences(venue, at=now)
        ],
        "devices": [
            (device, state_of(device, now))
            for device in venue.devices.order_by("-created_at", "-pk")
        ],
        "fault": refusal.detail if refusal else "",
    }
    status = refusal.status if refusal else 200
    return render(request, "verifier/venue.html", context, status=status)

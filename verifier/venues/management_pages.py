"""Pages on which a manager renames, closes and hands over a venue, and names deputies."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Account, Role
from accounts.permissions import account_of, role_required
from healthcode.web.errors import Refusal
from verifier.errors import NoOffer, OnlyTheManager
from verifier.models import Venue
from verifier.venues import hands
from verifier.venues.page_parts import own_venue
from verifier.venues.selectors import management_of
from verifier.venues.steps import take_step


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.VENUE_MANAGER)
def management(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Show what only the manager may do with a venue; when a form is sent, do what it says."""
    account = account_of(request)
    venue = own_venue(account, venue_id)
    if venue.manager_id != account.pk:
        raise OnlyTheManager
    if request.method == "GET":
        return _management(request, venue)
    try:
        done = take_step(
            account=account,
            role=Role.VENUE_MANAGER,
            venue=venue,
            sent=request.POST,
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _management(request, venue, refusal)
    messages.success(request, str(done))
    return redirect("venue-management", venue.pk)


@never_cache
@require_POST
@role_required(Role.VENUE_MANAGER)
def offered(request: HttpRequest, venue_id: int) -> HttpResponse:
    """Accept or decline a venue that was offered, or take one's own offer back."""
    where = _answer(account_of(request), venue_id, request.POST.get("step", ""))
    messages.success(request, _("Done."))
    return redirect(where, venue_id) if where != "venues" else redirect(where)


def _answer(account: Account, venue_id: int, step: str) -> str:
    """Do what the form says, and return the name of the page that shows the result."""
    if step == "accept":
        hands.accept(account=account, venue_id=venue_id, at=timezone.now())
        return "venue"
    if step == "decline":
        hands.decline(account=account, venue_id=venue_id)
        return "venues"
    if step == "take-back":
        hands.take_back(account=account, venue_id=venue_id)
        return "venue-management"
    raise NoOffer


def _management(request: HttpRequest, venue: Venue, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        **management_of(venue, at=timezone.now()),
        "fault": refusal.detail if refusal else "",
        "sent": request.POST,
    }
    status = refusal.status if refusal else 200
    return render(request, "verifier/management.html", context, status=status)

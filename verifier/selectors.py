"""Reading venues, devices and what was scanned."""

from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from healthcode.core import Outcome
from healthcode.web.errors import NotFound
from verifier.models import Device, Scan, Venue
from verifier.scanning import SHANGHAI, Door


def venues_of(manager: Account) -> QuerySet[Venue]:
    """The manager's venues, by name."""
    return Venue.objects.filter(manager=manager).order_by("name", "pk")


def venue_of(manager: Account, venue_id: int) -> Venue:
    """One venue of the manager's. Raises NotFound, also for other managers' venues."""
    venue = Venue.objects.filter(manager=manager, pk=venue_id).first()
    if venue is None:
        raise NotFound(_("You have no such venue."))
    return venue


def device_of(manager: Account, device_id: int) -> Device:
    """One device of the manager's venues. Raises NotFound, also for other managers' devices."""
    devices = Device.objects.select_related("venue")
    device = devices.filter(venue__manager=manager, pk=device_id).first()
    if device is None:
        raise NotFound(_("You have no such device."))
    return device


def outcomes_today(venue: Venue, *, at: datetime) -> dict[Outcome, int]:
    """How many scans of the Shanghai day of `at` had which outcome."""
    today = Scan.objects.filter(day=at.astimezone(SHANGHAI).date(), venue=venue)
    counted = dict(today.values_list("outcome").annotate(count=Count("id")).order_by())
    return {outcome: counted.get(outcome.value, 0) for outcome in Outcome}


def door_of(token_digest: bytes) -> Door | None:
    """The door whose device has the token of this digest, unless it was revoked."""
    found = (
        Device.objects.filter(token_hash=token_digest, revoked_at__isnull=True)
        .values_list("pk", "venue_id", "venue__yellow")
        .first()
    )
    if found is None:
        return None
    device, venue, yellow = found
    return Door(device=device, venue=venue, yellow=Outcome(yellow))

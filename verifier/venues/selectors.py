"""Read venues, their devices and their scans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from healthcode.core import Outcome, Reason
from healthcode.web.days import day_of
from healthcode.web.errors import NotFound
from verifier.doors.scanning import MAX_SCAN_AGE
from verifier.models import Device, Scan, Venue

MOST_DIFFERENCES: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A scan without network that the server later judged differently than the door."""

    scanned_at: datetime
    device: str
    given: Outcome
    given_reason: Reason
    outcome: Outcome
    reason: Reason


def venues_of(manager: Account) -> QuerySet[Venue]:
    """Return the manager's venues, by name."""
    return Venue.objects.filter(manager=manager).order_by("name", "pk")


def venue_of(manager: Account, venue_id: int) -> Venue:
    """Return one of the manager's venues. Raises NotFound, also for other managers' venues."""
    venue = Venue.objects.filter(manager=manager, pk=venue_id).first()
    if venue is None:
        raise NotFound(_("You have no venue with this number."))
    return venue


def device_of(manager: Account, device_id: int) -> Device:
    """Return a device of the manager's. Raises NotFound, also for other managers' devices."""
    devices = Device.objects.select_related("venue")
    device = devices.filter(venue__manager=manager, pk=device_id).first()
    if device is None:
        raise NotFound(_("You have no device with this number."))
    return device


def outcomes_today(venue: Venue, *, at: datetime) -> dict[Outcome, int]:
    """Count the scans of the Shanghai day of `at`, by outcome."""
    today = Scan.objects.filter(day=day_of(at), venue=venue)
    counted = dict(today.values_list("outcome").annotate(count=Count("id")).order_by())
    return {outcome: counted.get(outcome.value, 0) for outcome in Outcome}


def offline_today(venue: Venue, *, at: datetime) -> int:
    """Count the scans of the Shanghai day of `at` that a device judged without network."""
    today = day_of(at)
    return Scan.objects.filter(day=today, venue=venue, offline=True).count()


def differences(venue: Venue, *, at: datetime) -> list[Difference]:
    """Return the offline scans of the week before `at` that the server judged differently.

    The newest come first, at most `MOST_DIFFERENCES`. The server also used what it learnt after the
    scan.
    """
    week_ago = day_of(at - MAX_SCAN_AGE)
    rows = (
        Scan.objects.filter(venue=venue, day__gte=week_ago, offline=True)
        .exclude(given_outcome="")
        .exclude(given_outcome=F("outcome"))
        .order_by("-scanned_at")
        .values_list(
            "scanned_at", "device_id", "given_outcome", "given_reason", "outcome", "reason"
        )[:MOST_DIFFERENCES]
    )
    labels = dict(venue.devices.values_list("pk", "label"))
    return [
        Difference(
            scanned_at=scanned_at,
            device=labels.get(device, ""),
            given=Outcome(given),
            given_reason=Reason(given_reason),
            outcome=Outcome(outcome),
            reason=Reason(reason),
        )
        for scanned_at, device, given, given_reason, outcome, reason in rows
    ]

"""Read venues, their devices and their scans."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.authority import areas_of
from accounts.models import Account, Role
from healthcode.core import Outcome, Reason
from healthcode.web.days import day_of
from healthcode.web.errors import NotFound
from verifier.doors.scanning import MAX_SCAN_AGE
from verifier.models import Deputy, Device, HandOver, Scan, Venue
from verifier.venues.hands import OFFER_LIFE, may_manage

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


def venues_of(account: Account) -> QuerySet[Venue]:
    """Return the venues at which the account is the manager or a deputy, by name.

    The manager's account is read with each. Only venues in the areas of the account's role count.
    """
    own = Q(manager=account) | Exists(Deputy.objects.filter(venue=OuterRef("pk"), account=account))
    inside = Q(pk=None)
    for area in areas_of(account, Role.VENUE_MANAGER):
        inside |= Q(area__startswith=area)
    return Venue.objects.filter(own, inside).select_related("manager").order_by("name", "pk")


def venue_of(account: Account, venue_id: int) -> Venue:
    """Return one of these venues. Raises NotFound, also for other people's venues."""
    venue = venues_of(account).filter(pk=venue_id).first()
    if venue is None:
        raise NotFound(_("You have no venue with this number."))
    return venue


def offered_to(account: Account, *, at: datetime) -> list[HandOver]:
    """Return the offers of venues that the account can accept, with the venues."""
    made = HandOver.objects.filter(to=account, offered_at__gt=at - OFFER_LIFE)
    found = made.select_related("venue", "offered_by").order_by("offered_at")
    return [one for one in found if may_manage(one.offered_by, one.venue.area)]


def management_of(venue: Venue, *, at: datetime) -> dict[str, object]:
    """Return what the forms about a venue show: the deputies, and an offer with its end."""
    made = HandOver.objects.filter(venue=venue, offered_at__gt=at - OFFER_LIFE)
    offer = made.select_related("to").first()
    return {
        "venue": venue,
        "deputies": venue.deputies.select_related("account").order_by("account__username"),
        "offer": offer,
        "offer_ends_at": offer.offered_at + OFFER_LIFE if offer else None,
    }


def device_of(account: Account, device_id: int) -> Device:
    """Return a device at one of these venues. Raises NotFound, also for other people's devices."""
    devices = Device.objects.filter(venue__in=venues_of(account), pk=device_id)
    device = devices.select_related("venue").first()
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

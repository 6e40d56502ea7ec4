"""Reading venues, devices, what was scanned, and what partners asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from healthcode.core import Outcome, Reason
from healthcode.web.errors import NotFound
from verifier.models import Device, PartnerCall, Scan, Venue
from verifier.scanning import MAX_SCAN_AGE, SHANGHAI, Door

MOST_DIFFERENCES: Final = 100


@dataclass(frozen=True, slots=True)
class Difference:
    """A scan without network on which the server's verdict is not the one that was given."""

    scanned_at: datetime
    device: str
    given: Outcome
    given_reason: Reason
    outcome: Outcome
    reason: Reason


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What one partner asked on one day by one kind of call; in the order of the columns.

    `codes` counts those of refused calls, too, which got no verdict.
    """

    day: date
    partner: str
    call: str
    calls: int
    refused_calls: int
    codes: int
    passes: int
    cautions: int
    refusals: int


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


def offline_today(venue: Venue, *, at: datetime) -> int:
    """How many scans of the Shanghai day of `at` were judged by a device without network."""
    today = at.astimezone(SHANGHAI).date()
    return Scan.objects.filter(day=today, venue=venue, offline=True).count()


def differences(venue: Venue, *, at: datetime) -> list[Difference]:
    """Offline scans of the week before `at` that the server judges otherwise, newest first.

    At most `MOST_DIFFERENCES`. The server judges with what it has learnt since, too.
    """
    week_ago = (at - MAX_SCAN_AGE).astimezone(SHANGHAI).date()
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


def partner_calls(
    *, since: datetime, until: datetime, partner: str | None = None
) -> QuerySet[PartnerCall]:
    """The calls of all partners, or of one (its name), in `[since, until)`, the oldest first."""
    calls = PartnerCall.objects.select_related("account").filter(at__gte=since, at__lt=until)
    if partner is not None:
        calls = calls.filter(account__username=partner)
    return calls.order_by("at", "pk")


def partner_days(calls: QuerySet[PartnerCall]) -> Iterator[PartnerDay]:
    """The calls, summed up by Shanghai day, partner and kind of call, in that order."""
    grouped = calls.order_by().annotate(day=TruncDate("at", tzinfo=SHANGHAI))
    sums = grouped.values_list("day", "account__username", "call").annotate(
        calls=Count("pk"),
        refused_calls=Count("pk", filter=~Q(refused="")),
        all_codes=Sum("codes"),
        **{f"all_{name}": Coalesce(Sum(name), 0) for name in ("passes", "cautions", "refusals")},
    )
    for row in sums.order_by("day", "account__username", "call"):
        yield PartnerDay(*row)


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

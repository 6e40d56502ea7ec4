"""Giving an inquiry the presences that it needs, from the scans of this issuer's codes."""

from datetime import datetime

from django.db import transaction

from healthcode.scan_tracing.scans import place_around
from healthcode.tracing.kinds import Strength
from healthcode.tracing.models import Inquiry
from healthcode.tracing.selectors import chain_of, window_of
from healthcode.tracing.trace import Window


@transaction.atomic
def place(inquiry_id: int, *, at: datetime) -> bool:
    """Resolve the scans around the case, and around its close contacts since they met it.

    Whether it was done: not when another worker is at it, or has been. Doing it again changes
    nothing.

    Raises:
        DoesNotSign: this process has not the key of the pseudonyms.
    """
    waiting = Inquiry.objects.filter(pk=inquiry_id, placed_at__isnull=True)
    inquiry = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if inquiry is None:
        return False
    place_around([window_of(inquiry)])
    place_around(
        [
            Window(contact.person, contact.first_at, inquiry.opened_at)
            for contact in chain_of(inquiry).contacts
            if contact.strength is Strength.CLOSE and contact.first_at < inquiry.opened_at
        ]
    )
    Inquiry.objects.filter(pk=inquiry_id).update(placed_at=at)
    return True


def place_waiting(*, at: datetime) -> int:
    """Resolve for every inquiry that waits; how many were done."""
    waiting = Inquiry.objects.filter(placed_at__isnull=True).order_by("pk")
    return sum(place(pk, at=at) for pk in waiting.values_list("pk", flat=True))

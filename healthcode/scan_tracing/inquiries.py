"""Resolve the scans that an inquiry needs into presences (who was at which place, and when)."""

from datetime import datetime

from django.db import transaction

from healthcode.scan_tracing.scans import place_around
from healthcode.tracing.kinds import Strength
from healthcode.tracing.models import Inquiry
from healthcode.tracing.selectors import chain_of, window_of
from healthcode.tracing.trace import Window, of_all_registrations


@transaction.atomic
def place(inquiry_id: int, *, at: datetime) -> bool:
    """Find the people behind the scans around the case, and around its close contacts.

    For a close contact, only scans since the meeting with the case count. Return False if another
    worker is doing this or has done it. Repeating the call is harmless.

    Raises:
        DoesNotSign: this process does not have the key that leads from scans to people.
    """
    waiting = Inquiry.objects.filter(pk=inquiry_id, placed_at__isnull=True)
    inquiry = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if inquiry is None:
        return False
    place_around(of_all_registrations([window_of(inquiry)]))
    close = [
        Window(contact.person, contact.first_at, inquiry.opened_at)
        for contact in chain_of(inquiry).contacts
        if contact.strength is Strength.CLOSE and contact.first_at < inquiry.opened_at
    ]
    place_around(of_all_registrations(close))
    Inquiry.objects.filter(pk=inquiry_id).update(placed_at=at)
    return True


def place_waiting(*, at: datetime) -> int:
    """Resolve the scans of every waiting inquiry; return how many were done."""
    waiting = Inquiry.objects.filter(placed_at__isnull=True).order_by("pk")
    return sum(place(pk, at=at) for pk in waiting.values_list("pk", flat=True))

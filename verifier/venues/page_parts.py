"""What the pages about venues share, those of managers and those of administrators."""

from collections.abc import Mapping
from datetime import datetime

from django.http import Http404

from accounts.models import Account
from healthcode.core import Outcome
from healthcode.web.errors import NotFound
from verifier.models import Device, Venue, VenueKind
from verifier.venues.selectors import venue_of


def state_of(device: Device, now: datetime) -> str:
    """Return what a device is for its venue: `revoked`, `enrolled`, `left`, `waiting`, `lapsed`."""
    if device.revoked_at is not None:
        return "revoked"
    if device.enrolled_at is not None:
        return "enrolled" if device.token_hash is not None else "left"
    expires_at = device.enrolment_expires_at
    return "waiting" if expires_at is not None and expires_at > now else "lapsed"


def kind_sent(sent: Mapping[str, str]) -> VenueKind:
    """Return the chosen kind; OTHER for a value that is no kind."""
    given = sent.get("kind", "")
    return VenueKind(given) if given in VenueKind.values else VenueKind.OTHER


def yellow_sent(sent: Mapping[str, str]) -> Outcome:
    """Return what the form says yellow means; CAUTION for any value but refuse."""
    refuses = sent.get("yellow") == Outcome.REFUSE.value
    return Outcome.REFUSE if refuses else Outcome.CAUTION


def own_venue(account: Account, venue_id: int) -> Venue:
    """Return a venue of the manager or deputy. Raises Http404, also for other managers' venues."""
    try:
        return venue_of(account, venue_id)
    except NotFound as missing:
        raise Http404 from missing

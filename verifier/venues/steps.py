"""What the forms about a venue ask for, on the pages of its manager and of administrators."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Role
from healthcode.acts.grounds import read_ground, sent_ground
from healthcode.web import texts
from verifier.models import Venue
from verifier.venues import hands, lifecycle
from verifier.venues.in_charge import InCharge

Sent = Mapping[str, str]
VenueStep = Callable[[InCharge, int, Sent, datetime], object]


def take_step(*, account: Account, role: Role, venue: Venue, sent: Sent, at: datetime) -> Promise:
    """Do what a form asks for, and return the sentence that says so.

    Args:
        role: as which the account acts, VENUE_MANAGER or ADMINISTRATOR.

    Raises:
        InvalidInput: the form asks for nothing known, or has no ground.
        Refusal: as the function of `lifecycle` or `hands` for the step.
    """
    step = STEPS.get(sent.get("step", ""))
    if step is None:
        raise invalid("/step", _("Please choose what to do."))
    by = InCharge(account, role, read_ground(**sent_ground(sent)))
    do, done = step
    do(by, venue.pk, sent, at)
    return done


def _rename(by: InCharge, venue_id: int, sent: Sent, at: datetime) -> object:
    return lifecycle.rename(by=by, venue_id=venue_id, name=sent.get("name", ""), at=at)


def _close(by: InCharge, venue_id: int, _sent: Sent, at: datetime) -> object:
    return lifecycle.close(by=by, venue_id=venue_id, at=at)


def _reopen(by: InCharge, venue_id: int, _sent: Sent, at: datetime) -> object:
    return lifecycle.reopen(by=by, venue_id=venue_id, at=at)


def _block(by: InCharge, venue_id: int, sent: Sent, at: datetime) -> object:
    device_id = texts.whole(sent.get("device", ""))
    return lifecycle.block_device(by=by, venue_id=venue_id, device_id=device_id, at=at)


def _name_deputy(by: InCharge, venue_id: int, sent: Sent, at: datetime) -> object:
    username = sent.get("username", "")
    return hands.name_deputy(by=by, venue_id=venue_id, username=username, at=at)


def _remove_deputy(by: InCharge, venue_id: int, sent: Sent, at: datetime) -> object:
    account_id = texts.whole(sent.get("account", ""))
    return hands.remove_deputy(by=by, venue_id=venue_id, account_id=account_id, at=at)


def _hand_over(by: InCharge, venue_id: int, sent: Sent, at: datetime) -> object:
    change = hands.hand_over if by.role is Role.ADMINISTRATOR else hands.offer
    return change(by=by, venue_id=venue_id, username=sent.get("username", ""), at=at)


STEPS: Final[Mapping[str, tuple[VenueStep, Promise]]] = {
    "rename": (_rename, _("Saved. The doors show the new name within a minute.")),
    "close": (_close, _("The venue is closed. Its devices can no longer scan.")),
    "reopen": (_reopen, _("The venue is open again. Enrol each device anew.")),
    "block": (_block, _("The device can no longer scan.")),
    "name-deputy": (_name_deputy, _("This person can now do the daily work here.")),
    "remove-deputy": (_remove_deputy, _("This person is no longer a deputy here.")),
    "hand-over": (_hand_over, _("Done. The venue's page shows who manages it.")),
}

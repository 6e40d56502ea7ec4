"""Whoever decides about a venue, and why: its manager, or an administrator of its area."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.authority import require
from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.web.errors import NotFound
from verifier.errors import OnlyTheManager, VenueIsClosed
from verifier.models import Deputy, Venue


@dataclass(frozen=True, slots=True)
class InCharge:
    """Somebody who decides about a venue, and the ground for what they do now.

    `role` is VENUE_MANAGER for the venue's manager, and ADMINISTRATOR for an administrator.
    """

    account: Account
    role: Role
    ground: Ground

    def take(self, venue_id: int) -> Venue:
        """Return the venue. Nobody else changes it until the transaction ends.

        Raises:
            NotFound: there is no such venue, or somebody else manages it.
            OnlyTheManager: the account is only a deputy there.
            Forbidden, OutsideYourArea: the account does not have the role over the venue's area.
        """
        venue = lock(venue_id)
        if self.role is Role.VENUE_MANAGER and venue.manager_id != self.account.pk:
            if Deputy.objects.filter(venue=venue, account=self.account).exists():
                raise OnlyTheManager
            raise NotFound(_("You have no venue with this number."))
        require(self.account, self.role, venue.area)
        return venue

    def take_open(self, venue_id: int) -> Venue:
        """Return the venue as `take` does. Raises VenueIsClosed, too."""
        venue = self.take(venue_id)
        refuse_closed(venue)
        return venue

    def record(
        self, kind: ActKind, venue: Venue, detail: Mapping[str, object], *, at: datetime
    ) -> None:
        """Record what they did with the venue."""
        record_act(
            account=self.account,
            role=self.role,
            kind=kind,
            area=venue.area,
            ground=self.ground,
            detail={"venue": venue.pk, **detail},
            at=at,
        )


def lock(venue_id: int) -> Venue:
    """Return a venue that nobody else changes until the transaction ends. Raises NotFound."""
    # NO KEY: whoever writes a row that refers to the venue need not wait.
    venue = Venue.objects.select_for_update(no_key=True).filter(pk=venue_id).first()
    if venue is None:
        raise NotFound(_("You have no venue with this number."))
    return venue


def refuse_closed(venue: Venue) -> None:
    """Refuse what can be done only with an open venue. Raises VenueIsClosed."""
    if venue.closed_at is not None:
        raise VenueIsClosed

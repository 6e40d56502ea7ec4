"""Somebody who administers the service, and what is recorded of what they do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.authority import province, require
from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who administers the service, and the ground for what they do now."""

    account: Account
    ground: Ground

    def require(self, area: str) -> None:
        """Refuse what is not theirs. Raises Forbidden or OutsideYourArea."""
        require(self.account, Role.ADMINISTRATOR, area)

    def record(
        self,
        kind: ActKind,
        detail: Mapping[str, object],
        *,
        areas: Collection[str],
        at: datetime,
    ) -> None:
        """Record what they did. `areas` are the areas that it touches, the first one before all."""
        area, *touched = areas
        record_act(
            account=self.account,
            role=Role.ADMINISTRATOR,
            kind=kind,
            area=area,
            ground=self.ground,
            detail=detail,
            touched=touched,
            at=at,
        )


def areas_of_account(account: Account) -> list[str]:
    """Return the areas in which an account has a role now.

    Where no role is left, those who answered for the last ones still do. If there never was any, it
    is this service's province.
    """
    for held in (account.grants.in_force(timezone.now()), account.grants.ever()):
        areas = sorted(set(held.values_list("area", flat=True)))
        if areas:
            return areas
    return [province()]

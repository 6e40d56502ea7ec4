"""Making a code: a person's colour of this moment, signed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts.models import Account
from healthcode.codes import publishing, selectors, status
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.keys import keyring
from healthcode.codes.selectors import Standing
from healthcode.colours.reasons import Reason
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour, HealthCode, Kind, StatusRef, sign

RENEWED_PER_LIFE: Final = 2
"""Renewals of a live code within its life: one may fail and the code still holds."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A signed code with what its holder's page shows beside it.

    `until` is when the colour ends as far as known; None for green, and while that is open.
    """

    code: str
    kind: Kind
    person: int
    colour: Colour
    holder: str
    issued_at: datetime
    expires_at: datetime
    refresh_after: datetime
    until: datetime | None
    reasons: tuple[Reason, ...]


def issue_code(*, account: Account, person_id: int, kind: Kind, at: datetime) -> IssuedCode:
    """Sign the colour that a person whom `account` looks after has at `at`.

    Nothing is written: a code can be made again at any time, and its place in the status list
    follows from the person, the day and the number of changes.

    Raises:
        NotFound, DeclareFirst: see `selectors.standing`.
        DoesNotSign: this process has no key to sign with.
    """
    signer = keyring.signer(at=at)
    standing = selectors.standing(account=account, person_id=person_id)
    # Green means that no signal is active: there is nothing to explain, and nothing to look up.
    decision = None if standing.colour is Colour.GREEN else decision_of(person_id, at)
    seconds = settings.LIVE_CODE_SECONDS if kind is Kind.LIVE else settings.PAPER_CODE_SECONDS
    issued_at = at.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=seconds)
    statement = HealthCode(
        issuer=settings.ISSUER,
        issued_at=int(issued_at.timestamp()),
        expires_at=int(expires_at.timestamp()),
        colour=standing.colour,
        kind=kind,
        policy=standing.policy,
        holder=standing.holder,
        status=_status(standing, at),
    )
    return IssuedCode(
        code=sign(statement, kid=signer.kid, algorithm=signer.algorithm, signer=signer.sign),
        kind=kind,
        person=person_id,
        colour=standing.colour,
        holder=standing.holder,
        issued_at=issued_at,
        expires_at=expires_at,
        refresh_after=issued_at + timedelta(seconds=seconds) / RENEWED_PER_LIFE,
        until=decision.until if decision else None,
        reasons=decision.reasons if decision else (),
    )


def _status(standing: Standing, at: datetime) -> StatusRef:
    """The code's place. Where the day has no list for the person yet, it gets one first."""
    changes = standing.changes
    found = status.reference(person=standing.person, changes=changes, at=at)
    if found is None:
        publishing.publish(at=at)
        found = status.reference(person=standing.person, changes=changes, at=at)
    if found is None:
        raise DoesNotSign
    return found

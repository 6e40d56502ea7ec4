"""Making a code: a person's colour of this moment, signed."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts.models import Account
from healthcode.codes import selectors
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.keys import Signer, keyring
from healthcode.codes.selectors import Standing
from healthcode.codes.status_lists import editions
from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON, reference
from healthcode.colours.policy import policy_at
from healthcode.colours.reasons import ColourReason
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour, HealthCode, Kind, StatusRef, sign

RENEWED_PER_LIFE: Final = 2
"""Renewals of a live code within its life: one may fail and the code still holds."""

NOBODY: Final = 0
"""No person has this number, so its indexes in the status lists are never superseded."""

PHONE_CODE_SECONDS: Final = 86_400
"""How long a code bound to a phone holds: the longest that the format lets a live code."""


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
    reasons: tuple[ColourReason, ...]


@dataclass(frozen=True, slots=True)
class VisitorCode:
    """A signed code for somebody who is known to another issuer alone."""

    code: str
    colour: Colour
    issued_at: datetime
    expires_at: datetime


def issue_code(
    *,
    account: Account,
    person_id: int,
    kind: Kind,
    at: datetime,
    phone_key: bytes | None = None,
) -> IssuedCode:
    """Sign the colour that a person whom `account` looks after has at `at`.

    Raises:
        NotFound, DeclareFirst: see `selectors.standing_of`.
        DoesNotSign, MalformedCode: see `issue`.
    """
    standing = selectors.standing(account=account, person_id=person_id)
    return issue(standing=standing, kind=kind, at=at, phone_key=phone_key)


def issue(
    *, standing: Standing, kind: Kind, at: datetime, phone_key: bytes | None = None
) -> IssuedCode:
    """Sign how a person stands at `at`.

    With `phone_key` (x || y of a P-256 point) a live code holds for a day, in that phone alone.

    Nothing is written: a code can be made again at any time, and its index in the status list
    follows from the person, the day and the number of changes.

    Raises:
        DoesNotSign: this process has no key to sign with.
        MalformedCode: `phone_key` is no such point, or the code is for paper.
    """
    signer = keyring.signer(at=at)
    # Green means that no signal is active: there is nothing to explain, and nothing to look up.
    decision = None if standing.colour is Colour.GREEN else decision_of(standing.person, at)
    seconds = PHONE_CODE_SECONDS if phone_key else _life(kind)
    issued_at = at.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=seconds)
    return IssuedCode(
        code=_signed(
            standing,
            kind,
            issued_at,
            expires_at,
            signer,
            holder=standing.holder,
            phone_key=phone_key,
        ),
        kind=kind,
        person=standing.person,
        colour=standing.colour,
        holder=standing.holder,
        issued_at=issued_at,
        expires_at=expires_at,
        refresh_after=issued_at + timedelta(seconds=seconds) / RENEWED_PER_LIFE,
        until=decision.until if decision else None,
        reasons=decision.reasons if decision else (),
    )


def issue_visitor_code(
    *, colour: Colour, holder: str | None, ends_at: datetime, at: datetime
) -> VisitorCode:
    """Sign a live code for somebody whom another issuer vouches for, until `ends_at` at most.

    It names no person of ours: such codes share the few indexes in the status list that are
    nobody's, and are short-lived instead of superseded.

    Raises:
        DoesNotSign: this process has no key to sign with.
        NoPolicy: no policy is in force.
    """
    signer = keyring.signer(at=at)
    # Any of nobody's indexes: two visitors of one second shall seldom look like one picture.
    number = secrets.randbelow(NUMBERS_A_PERSON)
    standing = Standing(NOBODY, colour, number, policy_at(at).version, "")
    issued_at = at.replace(microsecond=0)
    expires_at = min(issued_at + timedelta(seconds=settings.LIVE_CODE_SECONDS), ends_at)
    code = _signed(standing, Kind.LIVE, issued_at, expires_at, signer, holder=holder)
    return VisitorCode(code, colour, issued_at, expires_at)


def _signed(
    standing: Standing,
    kind: Kind,
    issued_at: datetime,
    expires_at: datetime,
    signer: Signer,
    *,
    holder: str | None,
    phone_key: bytes | None = None,
) -> str:
    statement = HealthCode(
        issuer=settings.ISSUER,
        issued_at=int(issued_at.timestamp()),
        expires_at=int(expires_at.timestamp()),
        colour=standing.colour,
        kind=kind,
        policy=standing.policy,
        holder=holder,
        status=_status(standing, issued_at),
        phone_key=phone_key,
    )
    return sign(statement, kid=signer.kid, algorithm=signer.algorithm, signer=signer.sign)


def _life(kind: Kind) -> int:
    return settings.LIVE_CODE_SECONDS if kind is Kind.LIVE else settings.PAPER_CODE_SECONDS


def _status(standing: Standing, at: datetime) -> StatusRef:
    """The code's index. Where the day has no list for the person yet, it gets one first."""
    found = reference(person=standing.person, changes=standing.changes, at=at)
    if found is None:
        editions.publish(at=at)
        found = reference(person=standing.person, changes=standing.changes, at=at)
    if found is None:
        raise DoesNotSign
    return found

"""Make codes: sign a person's current colour."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts.models import Account
from healthcode.codes import selectors
from healthcode.codes.asked_rows import agreed
from healthcode.codes.errors import DoesNotSign
from healthcode.codes.keys import Signer, keyring
from healthcode.codes.selectors import CodeInput
from healthcode.codes.status_lists import editions
from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON, reference
from healthcode.colours.agreement import ColourRow
from healthcode.colours.policy import policy_at
from healthcode.colours.reasons import ColourReason
from healthcode.core import Colour, HealthCode, Kind, StatusRef, sign

RENEWED_PER_LIFE: Final = 2
"""Renewals within a live code's lifetime: one may fail, and the code is still valid."""

NOBODY: Final = 0
"""No person has this number, so no status list ever marks its indexes as superseded."""

PHONE_CODE_SECONDS: Final = 86_400
"""How long a bound code is valid: a day, the longest that the format allows for live codes."""


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A signed code, and what its holder's page shows beside it.

    `until` is when the colour will end, as far as is known. It is None for green, and while no end
    is known.
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
    """A signed code for somebody whom only another issuer knows."""

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
    """Sign the current colour of a person whom `account` looks after.

    Raises:
        NotFound, ProofNeeded, DeclareFirst: see `selectors.read_row`.
        DoesNotSign, ColourBeingChecked, MalformedCode: see `issue`.
    """
    code_input = selectors.code_input(account=account, person_id=person_id, at=at)
    return issue(code_input=code_input, kind=kind, at=at, phone_key=phone_key)


def issue(
    *, code_input: CodeInput, kind: Kind, at: datetime, phone_key: bytes | None = None
) -> IssuedCode:
    """Sign a code with a person's current colour at `at`.

    With `phone_key` (x || y of a P-256 point), a live code is valid for a day, but only on the
    phone that has the private key.

    The service does not store the code. It can make the same code again at any time, because the
    code's status index follows from the person, the day and the number of colour changes.

    Raises:
        DoesNotSign: this process has no signing key.
        ColourBeingChecked, NoPolicy, NotFound: see `checked_colour`.
        MalformedCode: `phone_key` is not a point of P-256, or is given for a paper code.
    """
    signer = keyring.signer(at=at)
    row, decision = agreed(code_input.row, at=at)
    seconds = PHONE_CODE_SECONDS if phone_key else _life(kind)
    issued_at = at.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=seconds)
    return IssuedCode(
        code=_signed(
            row,
            kind,
            issued_at,
            expires_at,
            signer,
            holder=code_input.holder,
            phone_key=phone_key,
        ),
        kind=kind,
        person=row.person,
        colour=row.colour,
        holder=code_input.holder,
        issued_at=issued_at,
        expires_at=expires_at,
        refresh_after=issued_at + timedelta(seconds=seconds) / RENEWED_PER_LIFE,
        until=decision.until if decision else None,
        reasons=decision.reasons if decision else (),
    )


def issue_visitor_code(
    *, colour: Colour, holder: str | None, ends_at: datetime, at: datetime
) -> VisitorCode:
    """Sign a live code for the holder of another issuer's code, valid until `ends_at` at most.

    The code belongs to no person of this issuer. All such codes share a few status indexes, which
    belong to no person. They are never superseded, but they expire soon.

    Raises:
        DoesNotSign: this process has no signing key.
        NoPolicy: no policy is in force.
    """
    signer = keyring.signer(at=at)
    # A random one of these indexes, so that two codes of one second seldom have the same picture.
    number = secrets.randbelow(NUMBERS_A_PERSON)
    row = ColourRow(NOBODY, colour, at, number, None, policy_at(at).version)
    issued_at = at.replace(microsecond=0)
    expires_at = min(issued_at + timedelta(seconds=settings.LIVE_CODE_SECONDS), ends_at)
    code = _signed(row, Kind.LIVE, issued_at, expires_at, signer, holder=holder)
    return VisitorCode(code, colour, issued_at, expires_at)


def _signed(
    row: ColourRow,
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
        colour=row.colour,
        kind=kind,
        policy=row.policy,
        holder=holder,
        status=_status(row, issued_at),
        phone_key=phone_key,
    )
    return sign(statement, kid=signer.kid, algorithm=signer.algorithm, signer=signer.sign)


_LIFE_SETTINGS: Final[Mapping[Kind, str]] = {
    Kind.LIVE: "LIVE_CODE_SECONDS",
    Kind.PAPER: "PAPER_CODE_SECONDS",
}


def _life(kind: Kind) -> int:
    return int(getattr(settings, _LIFE_SETTINGS[kind]))


def _status(row: ColourRow, at: datetime) -> StatusRef:
    """Return the code's status index; publish a list first if the day has none for the person."""
    found = reference(person=row.person, changes=row.changes, at=at)
    if found is None:
        editions.publish(at=at)
        found = reference(person=row.person, changes=row.changes, at=at)
    if found is None:
        raise DoesNotSign
    return found

"""Read what a code is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.errors import ProofNeeded
from accounts.guardians import is_closed
from accounts.models import Account
from accounts.selectors import masked
from healthcode.codes.errors import DeclareFirst
from healthcode.colours.agreement import ColourRow
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.web.errors import NotFound

CODE_INPUT: Final = "SELECT * FROM codes_input(%s, %s, %s)"
"""A function in the database (migration 0003); each connection keeps its query plan."""
AT_DESK: Final = """
SELECT EXISTS (SELECT FROM evidence_evidence AS evidence
               WHERE evidence.person_id = identity.person_id AND evidence.kind = %s
                 AND evidence.withdrawn_by_id IS NULL),
       stored.colour, stored.since, stored.changes, stored.next_change_at, stored.policy_id,
       identity.name_sealed, identity.number_index
  FROM accounts_identity AS identity
  LEFT JOIN colours_personcolour AS stored ON stored.person_id = identity.person_id
 WHERE identity.person_id = %s
"""
_MOST_PEOPLE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class CodeInput:
    """What goes into a person's next code: the stored colour and the masked name.

    The code's status index follows from the row's `changes`.
    """

    row: ColourRow
    holder: str


def code_input(*, account: Account, person_id: int, at: datetime) -> CodeInput:
    """Read the code input of a person whom `account` looks after, in one SELECT.

    Raises:
        NotFound, ProofNeeded, DeclareFirst: see `read_row`.
    """
    with connection.cursor() as cursor:
        declaration = EvidenceKind.DECLARATION.value
        cursor.execute(CODE_INPUT, [storable(person_id), account.pk, declaration])
        return read_row(person_id, cursor.fetchone() or (), at=at)


def code_input_at_desk(person_id: int) -> CodeInput:
    """Read the code input of a person whom an officer has before them; the caller makes sure of it.

    Raises:
        NotFound: there is no such person.
        DeclareFirst: nobody has declared for this person.
    """
    with connection.cursor() as cursor:
        cursor.execute(AT_DESK, [EvidenceKind.DECLARATION.value, person_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return _from_row(person_id, row)


def read_row(person_id: int, row: Sequence[Any], *, at: datetime) -> CodeInput:
    """Read a row of `CODE_INPUT`, empty or null if the account does not look after the person.

    Raises:
        NotFound: there is no such person, or the account may not know of them.
        ProofNeeded: the account only claims this person, and its claim is closed.
        DeclareFirst: nobody has declared for this person.
    """
    if not row or row[0] is None:
        raise NotFound(_("This person is not registered under your account."))
    *colour_and_name, claimed_at, reported = row
    if is_closed(claimed_at, reported=reported, at=at):
        raise ProofNeeded
    return _from_row(person_id, colour_and_name)


def _from_row(person_id: int, row: Sequence[Any]) -> CodeInput:
    declared, colour, since, changes, next_change_at, policy, *identity = row
    if not declared or colour is None:
        raise DeclareFirst
    stored = ColourRow(person_id, Colour(colour), since, changes, next_change_at, policy)
    return CodeInput(stored, masked(*identity))


def storable(person_id: int) -> int | None:
    """Return a number from an address, or None if it is too large for the database's bigint.

    No person has such a number.
    """
    return person_id if person_id <= _MOST_PEOPLE else None

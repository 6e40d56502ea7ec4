"""What a code is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.selectors import masked
from healthcode.codes.errors import DeclareFirst
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.web.errors import NotFound

STANDING: Final = "SELECT * FROM codes_standing(%s, %s, %s)"
"""A function of the migration's, whose plan connections keep."""
_MOST_PEOPLE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands now: what goes into a code, and the masked name on it."""

    person: int
    colour: Colour
    changes: int
    policy: int
    holder: str


def standing(*, account: Account, person_id: int) -> Standing:
    """How a person whom `account` looks after stands. One SELECT.

    Raises:
        NotFound, DeclareFirst: see `standing_of`.
    """
    with connection.cursor() as cursor:
        declaration = EvidenceKind.DECLARATION.value
        cursor.execute(STANDING, [storable(person_id), account.pk, declaration])
        return standing_of(person_id, cursor.fetchone() or ())


def standing_of(person_id: int, row: Sequence[Any]) -> Standing:
    """How a person stands by a row of `STANDING`, which is empty or null for a stranger's.

    Raises:
        NotFound: there is no such person, or they are not this account's to know.
        DeclareFirst: nobody has declared for them.
    """
    if not row or row[0] is None:
        raise NotFound(_("You do not look after such a person."))
    declared, colour, changes, policy, *identity = row
    if not declared or colour is None:
        raise DeclareFirst
    return Standing(person_id, Colour(colour), changes, policy, masked(*identity))


def storable(person_id: int) -> int | None:
    """A number from an address as the database can take it: no person has one beyond."""
    return person_id if person_id <= _MOST_PEOPLE else None

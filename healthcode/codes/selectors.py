"""What a code is made from."""

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
        NotFound: there is no such person, or they are not this account's to know.
        DeclareFirst: nobody has declared for them.
    """
    row = _standing(account.pk, person_id) if person_id <= _MOST_PEOPLE else None
    if row is None:
        raise NotFound(_("There is no such person among those you look after."))
    declared, colour, changes, policy, *identity = row
    if not declared or colour is None:
        raise DeclareFirst
    return Standing(person_id, Colour(colour), changes, policy, masked(*identity))


def _standing(account: int, person: int) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [person, account, EvidenceKind.DECLARATION.value])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row

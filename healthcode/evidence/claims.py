"""What somebody sees of a person whose document they have only claimed (`accounts.guardians`)."""

from datetime import datetime
from typing import Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.errors import ProofNeeded
from accounts.guardians import is_closed
from accounts.models import Account, Person
from healthcode.web.errors import NotFound

# A function in the database, so that the statement that reads a code's input asks the same.
GUARDED: Final = """
SELECT person.id, person.home_area, person.created_at,
       CASE WHEN guardianship.proof IS NULL THEN guardianship.since END AS claimed_at,
       guardianship.proof IS NULL AND evidence_reported(person.id, %(account)s) AS reported
  FROM accounts_person AS person
  JOIN accounts_guardianship AS guardianship ON guardianship.person_id = person.id
 WHERE person.id = %(person)s AND guardianship.account_id = %(account)s
"""


def person_shown_to(account: Account, person_id: int, *, at: datetime) -> Person:
    """Return a person whom the account looks after, if its claim is open or proven.

    Until somebody else reports anything, all that is known is what the claimant said.

    Raises:
        NotFound: there is no such person, or the account does not look after them.
        ProofNeeded: the account only claims the person, and its claim is closed.
    """
    person, claimed_at, reported = _guarded(account, person_id)
    if is_closed(claimed_at, reported=reported, at=at):
        raise ProofNeeded
    return person


def person_proven_to(account: Account, person_id: int) -> Person:
    """Return a person whom the account looks after, if that is proven.

    Raises:
        NotFound: there is no such person, or the account does not look after them.
        ProofNeeded: the account only claims the person.
    """
    person, claimed_at, _reported = _guarded(account, person_id)
    if claimed_at is not None:
        raise ProofNeeded
    return person


def _guarded(account: Account, person_id: int) -> tuple[Person, datetime | None, bool]:
    bound = {"person": person_id, "account": account.pk}
    with connection.cursor() as cursor:
        cursor.execute(GUARDED, bound)
        row = cursor.fetchone()
    if row is None:
        raise NotFound(_("This person is not registered under your account."))
    id_, home_area, created_at, claimed_at, reported = row
    person = Person(id=id_, home_area=home_area, created_at=created_at)
    return person, claimed_at, reported

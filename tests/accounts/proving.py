"""Prove in tests that an account may look after a person, as an officer's desk does."""

from datetime import datetime

from accounts.guardians import guard
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation


def prove(account: Account, person: Person, *, at: datetime) -> None:
    """Let the register have confirmed what this account registered."""
    found = Guardianship.objects.get(account=account, person=person)
    guard(
        account=account,
        person=person,
        relation=Relation(found.relation),
        proof=IdentityProof.REGISTER,
        at=at,
    )

"""What residents report about themselves and their family, and the colour that follows."""

from datetime import datetime

from django.db import transaction

from accounts.models import Account, Person
from accounts.services import ask_once_a_day
from healthcode.colours.one_person import decide_now
from healthcode.colours.selectors import PersonDecision
from healthcode.evidence.claims import person_shown_to
from healthcode.evidence.declarations import (
    CheckIn,
    Declaration,
    record_check_in,
    record_declaration,
)


def person_to_declare_for(*, account: Account, person_id: int, at: datetime) -> Person:
    """Return the person of a declaration. If they are only claimed, the register is asked first.

    Raises:
        NotFound, ProofNeeded: see `person_shown_to`.
    """
    ask_once_a_day(account=account, person_id=person_id, at=at)
    return person_shown_to(account, person_id, at=at)


@transaction.atomic
def declare(
    *, account: Account, person: Person, declaration: Declaration, at: datetime
) -> PersonDecision:
    """Record a declaration and decide the colour in the same transaction.

    Raises:
        UnknownArea: when a stay names an area that never existed.
        EndedArea: when a stay begins after the area's code had ended.
        TooMany: when there were too many declarations today.
    """
    record_declaration(account=account, person=person, declaration=declaration, at=at)
    return decide_now(person.pk, at=at)


@transaction.atomic
def check_in(
    *, account: Account, person: Person, check_in: CheckIn, at: datetime
) -> PersonDecision:
    """Record today's check-in and decide the colour in the same transaction.

    Raises:
        AlreadyCheckedIn: when there is already a check-in today.
    """
    record_check_in(account=account, person=person, check_in=check_in, at=at)
    return decide_now(person.pk, at=at)

"""Store that somebody has moved."""

from datetime import datetime

from django.db import transaction

from accounts.homes import move_by_oneself
from accounts.models import Account, Person
from healthcode.evidence.claims import person_proven_to


@transaction.atomic
def move_home(*, account: Account, person_id: int, home_area: str, at: datetime) -> None:
    """Store where a person lives now, as somebody says who is proven to look after them.

    No colour changes by it.

    Raises:
        NotFound, ProofNeeded: see `person_proven_to`.
        InvalidInput, UnknownArea, EndedArea, MovedOften: see `homes.move_by_oneself`.
    """
    person_proven_to(account, person_id)
    person = Person.objects.select_for_update().get(pk=person_id)
    move_by_oneself(person=person, home=home_area, at=at)

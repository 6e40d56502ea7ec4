"""Erase a person for good. docs/decisions/0016-erasure.md says what is left, and why."""

from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction

from accounts.merging import groups_of
from accounts.models import Account, Person, Role
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.colours.decide_many import keep_writers_out
from healthcode.colours.one_person import decide_again
from healthcode.colours.settled import is_settled
from healthcode.colours.wake import send
from healthcode.residents.subject_access.errors import StillNeeded
from healthcode.web.keeping import records

BY_THEMSELVES: Final = Ground(
    GroundKind.REQUESTED, "Asked for by the person, or by who looks after them."
)


@transaction.atomic
def erase(*, person_id: int, account: Account, role: Role, ground: Ground, at: datetime) -> Act:
    """Delete everything about a person, and record who asked for the erasure and when (an act).

    For each table, its `TableRecord` says how its rows are deleted (`healthcode.web.keeping`).

    The act keeps the person's number, which no longer refers to anybody. The service needs the
    number to supersede codes that are still valid, and to repeat the erasure after a backup was
    restored. Registrations that were merged with this one get the colour of what is left.

    Args:
        account: who asked for the erasure, a resident or an officer; `role` says which.

    Raises:
        Person.DoesNotExist: there is no such person.
        StillNeeded: the colour is not green, or it will change at a known time.
        DoesNotSign: this process lacks the key that shows which scans belong to the person.
    """
    Person.objects.select_for_update().get(pk=person_id)
    merged = groups_of([person_id]).get(person_id, ())
    if merged:
        keep_writers_out()
    if not is_settled(person_id, at=at):
        raise StillNeeded
    act = record_act(
        account=account,
        role=role,
        kind=ActKind.PERSON_ERASED,
        area="",
        ground=ground,
        detail={"person": person_id},
        at=at,
    )
    for record in records():
        if callable(record.erase):
            record.erase(person_id, at)
    for other in [one for one in merged if one != person_id][:1]:
        decide_again(other, at=at)
    transaction.on_commit(partial(send, "codes.publish"))
    return act


def erase_at_request(*, person_id: int, account: Account, at: datetime) -> Act:
    """Erase a person because they, or who looks after them, asked for it. Raises as `erase`."""
    return erase(
        person_id=person_id, account=account, role=Role.RESIDENT, ground=BY_THEMSELVES, at=at
    )

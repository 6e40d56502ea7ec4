"""Everything that the service knows about one person, in a form for JSON."""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import Account, Person, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.evidence.responsibility import answers_for_person
from healthcode.web.keeping import Export, records

FORMAT: Final = "health-code-person/1"


@transaction.atomic
def export_at_desk(
    *, person_id: int, account: Account, ground: Ground, at: datetime
) -> dict[str, object]:
    """Return `export` for an officer, who hands it to the person; the person sees that one looked.

    Raises:
        Person.DoesNotExist, DoesNotSign, NoPolicy: see `export`.
        Forbidden, OutsideYourArea: the officer does not answer for the person.
        TooMany: the officer has looked at people's data too often today.
    """
    person = Person.objects.get(pk=person_id)
    area = answers_for_person(account, person.home_area)
    by = Onlooker(account, Role.OFFICER, area, ground)
    record_looks(by=by, people=[person_id], what=LookKind.FILE, at=at)
    return export(person_id, at=at)


def export(person_id: int, *, at: datetime) -> dict[str, object]:
    """Collect everything that the service keeps about a person, unmasked, for this person only.

    Each member comes from the `TableRecord` of a table (`healthcode.web.keeping`). The export says
    nothing about other people: not who reported a fact, and not which case a contact has met.

    Raises:
        Person.DoesNotExist: there is no such person.
        DoesNotSign: this process lacks the key that shows which scans belong to the person.
        NoPolicy: no policy is in force.
    """
    exports = [record.export for record in reversed(records()) if isinstance(record.export, Export)]
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        **{part.member: part.of(person_id, at) for part in exports},
    }

"""Everything that the service knows about one person, in a form for JSON."""

from datetime import datetime
from typing import Final

from healthcode.web.keeping import Export, records

FORMAT: Final = "health-code-person/1"


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

"""Everything that the service knows of one person, as JSON can hold it."""

from datetime import datetime
from typing import Final

from healthcode.web.keeping import Export, records

FORMAT: Final = "health-code-person/1"


def export(person_id: int, *, at: datetime) -> dict[str, object]:
    """Gather what is kept about a person, unmasked: for themselves, and nobody else.

    One member a table that has one, by the tables' records (`healthcode.web.keeping`). Of others it
    says nothing: neither who reported a fact, nor whose case a contact was of.

    Raises:
        Person.DoesNotExist: there is no such person.
        DoesNotSign: this process has not the key that tells whose a scan was.
        NoPolicy: when no policy is in force.
    """
    exports = [record.export for record in reversed(records()) if isinstance(record.export, Export)]
    return {
        "format": FORMAT,
        "made_at": at.isoformat(),
        **{part.member: part.of(person_id, at) for part in exports},
    }

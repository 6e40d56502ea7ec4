"""What the tables of tracing hold about people, and for how long."""

from typing import Final

from healthcode.tracing import partitions
from healthcode.tracing.models import Inquiry, Meeting, Membership, Place, Presence
from healthcode.tracing.selectors import households_export, presences_export
from healthcode.web.keeping import Because, Cadence, Export, Forget, Goes, TableRecord

OF_WORK: Final = Because("is an officer's work; the contacts that it found are evidence")

RECORDS: Final = (
    TableRecord(
        model=Presence,
        holds="who was at a place, when",
        kept="28 days (`SCAN_RETENTION_DAYS`), by dropping the day's partition",
        forget=Forget(lambda at: partitions.maintain(at=at), Cadence.OFTEN),
        export=Export("presences", lambda person_id, _at: presences_export(person_id)),
        erase=lambda person_id, _at: Presence.objects.filter(person_id=person_id).delete(),
        sunset=Goes.AT_ONCE,
        days="SCAN_RETENTION_DAYS",
    ),
    TableRecord(
        model=Membership,
        holds="who lives in a household, since when",
        kept="until the person is erased",
        export=Export("households", lambda person_id, _at: households_export(person_id)),
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Meeting,
        holds="that the case of an inquiry told an officer of a meeting",
        kept="as long as its inquiry",
        export=OF_WORK,
        erase=Because("goes with the inquiry"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Inquiry,
        holds="an officer's search for the contacts of a case",
        kept="as long as the evidence of the case",
        export=OF_WORK,
        erase=Because("goes with the evidence of the case, by the database's own foreign key"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Place,
        holds="places in which people were together: venues, runs of vehicles, households",
        kept="for good",
        export=Because("is told with each presence and household"),
        erase=Because("names nobody; who was there is gone"),
        sunset=Goes.AT_ONCE,
    ),
)

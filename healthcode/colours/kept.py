"""What the tables of evidence and colours hold, and how long the service keeps it."""

from typing import Final

from healthcode.colours import alarms, retention, turned_red
from healthcode.colours.models import (
    ColourChange,
    PersonColour,
    Policy,
    Recomputation,
    RecomputationBatch,
    ReddenedBy,
    TurnedRed,
)
from healthcode.colours.selectors import changes_told_of, colour_told_of
from healthcode.evidence.models import Evidence
from healthcode.evidence.selectors import evidence_export
from healthcode.web.keeping import Because, Cadence, Export, Forget, Goes, TableRecord, of_nobody
from healthcode.web.rights import Rights

OF_WORK: Final = Because("is a list of work; the export has the colour changes that came of it")

RECORDS: Final = (
    of_nobody(Policy, holds="the published policies"),
    TableRecord(
        model=RecomputationBatch,
        holds="numbers of people whom a recomputation has still to decide",
        kept="until they are decided, mostly seconds",
        export=OF_WORK,
        erase=Because("the worker skips a number that no longer belongs to anybody"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Recomputation,
        holds="which act or fact made colours change; numbers of the people it touched",
        kept="28 days after it was done (`COLOUR_RETENTION_DAYS`); for good if a policy caused it",
        forget=Forget(retention.forget_recomputations, Cadence.NIGHTLY),
        export=OF_WORK,
        erase=retention.strike_from_recomputations,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=ColourChange,
        holds="when a person's colour changed, from which to which",
        kept="28 days (`COLOUR_RETENTION_DAYS`)",
        forget=Forget(retention.forget_changes, Cadence.NIGHTLY),
        export=Export("changes", lambda person_id, _at: changes_told_of(person_id)),
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=TurnedRed,
        holds="how many people of each county turned red on a day",
        kept="28 days (`COLOUR_RETENTION_DAYS`)",
        forget=Forget(turned_red.forget_days, Cadence.NIGHTLY),
        export=Because("counts people, and names none"),
        erase=Because("counts people, and names none"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=ReddenedBy,
        holds="how many people turned red by one source, or at one venue, and when",
        kept="1 day, then up to 10 minutes until a task deletes them",
        forget=Forget(alarms.forget_reddened, Cadence.OFTEN),
        export=Because("counts people, and names none"),
        erase=Because("counts people, and names none"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=PersonColour,
        holds="the colour that a person has, and since when",
        kept="until the person is erased",
        export=Export("colour", colour_told_of),
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Evidence,
        holds="dated facts about people, with their source; from an EU certificate only what it"
        " attests and a keyed digest",
        kept="while a signal or its release depends on it; then for the longest hold of a policy"
        " that holds or will hold, and 14 days (`EVIDENCE_RETENTION_DAYS`); the latest declaration"
        " and a stay that goes on: until the person is erased",
        forget=Forget(lambda at: retention.forget_evidence(at=at), Cadence.NIGHTLY),
        export=Export("evidence", lambda person_id, _at: evidence_export(person_id)),
        erase=retention.erase_evidence,
        sunset=Goes.AT_ONCE,
        rights=Rights.ADD,
        days="EVIDENCE_RETENTION_DAYS",
    ),
)

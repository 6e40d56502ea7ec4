"""The record of the scans. Only this room can tell to which person a scan belongs."""

from typing import Final

from healthcode.residents.subject_access.scans import scans_of, scans_told_of
from healthcode.web.keeping import Cadence, Export, Forget, Goes, TableRecord
from healthcode.web.rights import DoorRights
from verifier.doors import partitions
from verifier.doors.recording import RecordedScan
from verifier.models import Scan

RECORDS: Final = (
    TableRecord(
        model=Scan,
        holds="when and where a code was scanned, under the code's pseudonym of the day",
        kept="28 days (`SCAN_RETENTION_DAYS`), by dropping the day's partition",
        forget=Forget(lambda at: partitions.maintain(at=at), Cadence.OFTEN),
        export=Export("scans", scans_told_of),
        erase=lambda person_id, at: scans_of(person_id, at=at).delete(),
        sunset=Goes.AT_ONCE,
        # What the answer to a repeated scan needs. Where a person went stays unreadable at doors.
        doors=DoorRights(reads=("day", *RecordedScan._fields), adds=True),
        days="SCAN_RETENTION_DAYS",
    ),
)

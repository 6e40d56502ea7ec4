"""What the tables of audits hold about people, and for how long."""

from typing import Final

from healthcode.audit.models import Audit, AuditFinding
from healthcode.audit.services import forget_audits
from healthcode.web.keeping import OF_NOBODY, Because, Cadence, Forget, Goes, TableRecord

RECORDS: Final = (
    TableRecord(
        model=AuditFinding,
        holds="numbers of rows that contradict others, such as a person's colour",
        kept="a year, with its audit",
        export=Because("says that a row was edited; the export has the row as it is"),
        erase=Because("the number stands for nobody any more"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Audit,
        holds="when the database was compared with itself, and how many people that took",
        kept="a year",
        forget=Forget(forget_audits, Cadence.NIGHTLY),
        export=OF_NOBODY,
        erase=OF_NOBODY,
        sunset=OF_NOBODY,
    ),
)

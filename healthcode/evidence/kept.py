"""What the tables of sources and signers hold. The record of evidence itself is in `colours.kept`.

Only the room `colours` knows which facts a decision still needs.
"""

from typing import Final

from healthcode.evidence.held import erase_held, forget_held, held_export
from healthcode.evidence.models import (
    DocumentSigner,
    Forgotten,
    ForgottenLines,
    HeldLine,
    SourceBatch,
    SourceGrant,
)
from healthcode.web.keeping import Cadence, Export, Forget, Goes, TableRecord, of_nobody
from healthcode.web.rights import Rights

RECORDS: Final = (
    of_nobody(DocumentSigner, holds="certificates of those who sign EU certificates"),
    TableRecord(
        model=HeldLine,
        holds="dated facts about people that a source reported beyond its grant, and that count"
        " only when an officer confirms them",
        kept="until an officer confirms them; otherwise 14 days (`EVIDENCE_RETENTION_DAYS`)",
        forget=Forget(forget_held, Cadence.NIGHTLY),
        export=Export("held", lambda person_id, _at: held_export(person_id)),
        erase=erase_held,
        sunset=Goes.AT_ONCE,
        rights=Rights.ADD_AND_DELETE,
        fills=("rejected_by_id",),
        days="EVIDENCE_RETENTION_DAYS",
    ),
    of_nobody(
        SourceBatch,
        holds="how many lines a source reported when, and their salted digests, which say nothing"
        " without the line and its salt",
        rights=Rights.ADD,
    ),
    of_nobody(
        Forgotten,
        holds="how many facts and held lines were deleted on a day or by an erasure, and why",
        rights=Rights.READ,
    ),
    of_nobody(
        ForgottenLines,
        holds="which lines of a source's report were deleted, by number",
        rights=Rights.READ,
    ),
    of_nobody(
        SourceGrant, holds="what a source may report, and how many people it may make red in a day"
    ),
)

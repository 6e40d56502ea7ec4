"""Record the reports of sources, each as a leaf of the public log."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.db import connection

from accounts.authority import areas_of
from accounts.models import Account, Role
from healthcode.acts.log.entries import append_leaf
from healthcode.core.log.batches import pieces, root_of
from healthcode.core.log.leaves import SALT_BYTES, canonical
from healthcode.evidence.bits import bits_of
from healthcode.evidence.models import SourceBatch


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many lines of a report were recorded, known before, held for an officer, refused."""

    recorded: int
    known: int
    held: int
    refused: int


def next_batch() -> int:
    """Draw the number of a new report, whose row `record_batch` stores at its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('evidence_sourcebatch', 'id'))")
        return int(cursor.fetchone()[0])


def record_batch(
    *,
    number: int,
    source: Account,
    kind: str,
    counts: BatchCounts,
    people: int,
    digests: Mapping[int, bytes],
    waiting: Collection[int] = (),
    salt: bytes | None = None,
    at: datetime,
) -> SourceBatch:
    """Record that a source reported something, and append it to the public log.

    Args:
        number: as `next_batch` gave it.
        people: how many people the new lines are about.
        digests: of the new lines, by line. A digest of the whole report has no line: its key is 0.
        waiting: which new lines were held.
        salt: of the report's own record; a new one if it is left out.
    """
    order = sorted(digests)
    batch = SourceBatch(
        pk=number,
        source=source,
        kind=kind,
        at=at,
        **asdict(counts),
        digests=b"".join(digests[line] for line in order),
        lines=bits_of(line for line in order if line),
        waiting=bits_of(waiting),
        salt=salt or secrets.token_bytes(SALT_BYTES),
    )
    batch.root = root_under(batch)
    areas = areas_of(source, Role.SOURCE)
    append_leaf(
        kind=leaf_kind(batch),
        number=number,
        area=areas[0] if len(areas) == 1 else "",
        count=people,
        digest=batch.root.hex(),
        at=at,
    )
    batch.save(force_insert=True)
    return batch


def leaf_kind(batch: SourceBatch) -> str:
    """Return the kind of a report's leaf in the public log."""
    return f"{batch.kind}-reported"


def root_under(batch: SourceBatch) -> bytes:
    """Return the root that a report has by what its row says."""
    return root_of(digests_under(batch))


def digests_under(batch: SourceBatch) -> list[bytes]:
    """Return the digests under the root of a report: those of its lines, and that of its record.

    The reports of earlier builds of this version have no salt, and no digest of the record.
    """
    digests = pieces(batch.digests)
    if batch.salt is None:
        return digests
    return [*digests, sha256(bytes(batch.salt) + batch_record(batch)).digest()]


def batch_record(batch: SourceBatch) -> bytes:
    """Return what the last digest of a report stands for: everything that its row says."""
    return canonical(
        {
            "at": batch.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "held": batch.held,
            "kind": batch.kind,
            "known": batch.known,
            "lines": bytes(batch.lines).hex(),
            "number": batch.pk,
            "recorded": batch.recorded,
            "refused": batch.refused,
            "source": batch.source_id,
            "waiting": bytes(batch.waiting).hex(),
        }
    )

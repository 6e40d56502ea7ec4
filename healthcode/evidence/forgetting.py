"""Notes of what was deleted by rule, each as a leaf of the public log.

The owner's functions write the notes with each deletion.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from healthcode.acts.log.entries import append_leaf, leaf_of
from healthcode.acts.models import LogLeaf
from healthcode.core.log.leaves import SALT_BYTES, Leaf, canonical, record_digest
from healthcode.evidence.models import Evidence, Forgotten, ForgottenCause, ForgottenLines, HeldLine
from healthcode.web.days import day_of

LEAF_KIND: Final = "facts-forgotten"

# One hour after midnight, no transaction that began on the day before is still at work.
_OVER: Final = """
SELECT (now() AT TIME ZONE 'Asia/Shanghai' - interval '1 hour')::date
"""
# As the owner. It reads all facts once, because the service ends only once.
_ALL_LINES: Final = """
INSERT INTO evidence_forgottenlines (forgotten_id, batch_id, lines)
SELECT %s, batch, line_bits(array_agg(line::bigint))
FROM (SELECT batch_id, line FROM evidence_evidence WHERE batch_id IS NOT NULL
      UNION ALL
      SELECT end_batch_id, end_line FROM evidence_evidence WHERE end_batch_id IS NOT NULL
      UNION ALL
      SELECT batch_id, line FROM evidence_heldline) AS reported (batch, line)
GROUP BY batch
"""


def append_notes() -> int:
    """Append a leaf for each note that is complete and has none; return how many there were.

    A note of retention is complete an hour after its day, by the clock of the database. All other
    notes are complete at once.
    """
    with transaction.atomic():
        waiting = list(complete_notes().filter(~Exists(_leaf())).order_by("pk"))
        for note in waiting:
            append_leaf(
                kind=LEAF_KIND,
                number=note.pk,
                area="",
                count=note.concerned,
                digest=note_digest(note),
                at=note.at,
            )
    return len(waiting)


def complete_notes() -> "QuerySet[Forgotten]":
    """Return the notes to which no deletion is added any more."""
    with connection.cursor() as cursor:
        cursor.execute(_OVER)
        (today,) = cursor.fetchone()
    return Forgotten.objects.filter(~Q(cause=ForgottenCause.RETENTION) | Q(day__lt=today))


def note_leaf(note: Forgotten) -> Leaf:
    """Return what the public log says about a note."""
    return leaf_of(
        kind=LEAF_KIND,
        number=note.pk,
        area="",
        count=note.concerned,
        digest=note_digest(note),
        at=note.at,
    )


def note_digest(note: Forgotten) -> str:
    """Return the digest of a note's salt and record."""
    return record_digest(bytes(note.salt), _record(note, note.lines.order_by("batch_id")))


def note_sunset(*, at: datetime) -> Forgotten:
    """Note that all facts and held lines are about to be deleted, because the service ends."""
    facts, held = Evidence.objects, HeldLine.objects
    people = facts.values("person").union(held.values("person"))
    note = Forgotten.objects.create(
        cause=ForgottenCause.SUNSET,
        facts=facts.count() + held.count(),
        concerned=people.count(),
        day=day_of(at),
        at=at,
        salt=secrets.token_bytes(SALT_BYTES),
    )
    with connection.cursor() as cursor:
        cursor.execute(_ALL_LINES, [note.pk])
    return note


def _leaf() -> "QuerySet[LogLeaf]":
    return LogLeaf.objects.filter(kind=LEAF_KIND, number=OuterRef("pk"))


def _record(note: Forgotten, lines: Iterable[ForgottenLines]) -> bytes:
    return canonical(
        {
            "at": note.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "cause": note.cause,
            "day": note.day.isoformat(),
            "facts": note.facts,
            "lines": [{"batch": one.batch_id, "lines": bytes(one.lines).hex()} for one in lines],
            "number": note.pk,
            "concerned": note.concerned,
        }
    )

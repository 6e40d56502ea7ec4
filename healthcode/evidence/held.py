"""Store the lines of sources that wait for an officer, and read them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

from accounts.models import Account
from healthcode.core.log.batches import pieces
from healthcode.evidence.digests import DIGEST, NEW_SALT
from healthcode.evidence.models import EvidenceKind, ForgottenCause, HeldLine, HeldWhy
from healthcode.evidence.services import NewFact, fact_row

# Rows are inserted in the order of references, for the reason that `services.INSERT` gives.
HOLD: Final = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(lines)s::jsonb) AS given (
        line int, why text, person bigint, kind text, starts timestamptz, starts_by timestamptz,
        ends timestamptz, area text, traits text[], reference text)
), stored AS (
    INSERT INTO evidence_heldline (batch_id, line, why, source_id, person_id, kind, starts,
                                   starts_by, ends, area_id, traits, reference, salt)
    SELECT %(batch)s, line, why, %(source)s, person, kind, starts, starts_by, ends, area, traits,
           reference, {NEW_SALT}
    FROM given ORDER BY reference, line
    ON CONFLICT DO NOTHING
    RETURNING line, salt
)
SELECT coalesce(array_agg(given.line ORDER BY line), '{{}}'), string_agg({DIGEST}, '' ORDER BY line)
FROM given JOIN stored USING (line)
"""  # noqa: S608  constants

FORGET: Final = "SELECT forget_held_lines(%(ids)s::bigint[], %(cause)s)"
LINES_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class NewHeldLine:
    """The fact of a line, which waits for the reason `why`."""

    line: int
    fact: NewFact
    why: HeldWhy


def hold(*, source: Account, batch: int, lines: Sequence[NewHeldLine]) -> Mapping[int, bytes]:
    """Store lines that wait for an officer; return the digest of each new one by its number.

    A line whose reference waits already, or was rejected, with the same content is not stored
    again. The caller's transaction stores the batch.
    """
    if not lines:
        return {}
    rows = [{**fact_row(held.fact), "line": held.line, "why": str(held.why)} for held in lines]
    with connection.cursor() as cursor:
        bound: dict[str, Any] = {"lines": json.dumps(rows), "source": source.pk, "batch": batch}
        cursor.execute(HOLD, bound)
        order, digests = cursor.fetchone()
    return dict(zip(order, pieces(digests or b""), strict=True))


def held_before(*, source: Account, facts: Sequence[NewFact]) -> frozenset[int]:
    """Return the positions of the facts that wait already, or were rejected, by their reference.

    One query. Every member of the fact must be the same.
    """
    references = {fact.reference for fact in facts} - {None}
    if not references:
        return frozenset()
    lines = HeldLine.objects.filter(source=source, reference__in=references)
    held = {_content(fact_of(line)) for line in lines}
    if not held:
        return frozenset()
    return frozenset(n for n, fact in enumerate(facts) if _content(fact) in held)


def is_waiting(source: int, why: HeldWhy) -> bool:
    """Return whether a line of this source waits for this reason."""
    return HeldLine.objects.filter(source=source, why=why, rejected_by=None).exists()


def fact_of(line: HeldLine) -> NewFact:
    """Return the fact that a held line becomes when an officer confirms it."""
    return NewFact(
        person=line.person_id,
        kind=EvidenceKind(line.kind),
        starts=line.starts,
        starts_by=line.starts_by,
        ends=line.ends,
        area=line.area_id,
        traits=tuple(line.traits),
        reference=line.reference,
        line=line.line,
        salt=bytes(line.salt),
    )


def held_export(person_id: int) -> list[dict[str, object]]:
    """Return the held lines about a person, rejected ones too, for the person's own export.

    As with evidence, it does not say who reported them.
    """
    lines = HeldLine.objects.filter(person_id=person_id).select_related("batch").order_by("pk")
    return [
        {
            "kind": line.kind,
            "from": line.starts.isoformat(),
            "from_at_latest": line.starts_by and line.starts_by.isoformat(),
            "to": line.ends and line.ends.isoformat(),
            "area": line.area_id,
            "traits": line.traits,
            "received_at": line.batch.at.isoformat(),
            "rejected_by_act": line.rejected_by_id,
        }
        for line in lines
    ]


def forget_held(at: datetime) -> int:
    """Delete the held lines that came long enough before `at`; return how many.

    The owner's function notes which lines of which report these are.

    Raises:
        ProgrammingError: by the clock of the database it is earlier.
    """
    before = at - timedelta(days=settings.EVIDENCE_RETENTION_DAYS)
    old = HeldLine.objects.filter(batch__at__lt=before).values_list("pk", flat=True)
    gone = 0
    while ids := list(old[:LINES_AT_ONCE]):
        gone += _forget(ids, ForgottenCause.RETENTION)
    return gone


def erase_held(person_id: int, _at: datetime) -> int:
    """Delete the held lines about a person who is being erased (an act); return how many."""
    ids = list(HeldLine.objects.filter(person_id=person_id).values_list("pk", flat=True))
    return _forget(ids, ForgottenCause.ERASURE)


def _forget(ids: list[int], cause: ForgottenCause) -> int:
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"ids": ids, "cause": cause.value})
        return int(cursor.fetchone()[0])


def _content(fact: NewFact) -> tuple[object, ...]:
    return (
        *(fact.reference, fact.kind, fact.person, fact.starts, fact.starts_by, fact.ends),
        *(fact.area, fact.traits),
    )

"""Write evidence: record a fact, fill in its end once, withdraw it by an officer's act."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from accounts.models import Account
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence, EvidenceKind


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact to record; its members have the meaning of those of `Evidence`."""

    person: int
    kind: EvidenceKind
    starts: datetime
    ends: datetime | None
    area: str | None = None
    starts_by: datetime | None = None
    traits: tuple[str, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)
    day: date | None = None
    reference: str | None = None
    derived_from: int | None = None
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of `record`, in the order of the facts.

    `ids` has the id of each fact. It is None if the fact was not stored, because its reference, its
    day of check-in or its certificate belongs to another fact. `known` has the positions of facts
    that were already stored. `people` are the people about whom something is new.
    """

    ids: tuple[int | None, ...]
    known: frozenset[int]
    people: frozenset[int]


# The ids are drawn for the lines first, so that the answer can say which line became which row: an
# INSERT that skips conflicting rows does not say so. Rows are inserted in the order of references,
# so that two loads of the same lines wait for each other instead of deadlocking.
INSERT: Final = """
WITH line AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('evidence_evidence', 'id')) AS id, given.*
    FROM jsonb_to_recordset(%(facts)s::jsonb) AS given (
        n int, person bigint, kind text, starts timestamptz, starts_by timestamptz,
        ends timestamptz, area text, traits text[], detail jsonb, day date, reference text,
        derived_from bigint, certificate bytea)
), stored AS (
    INSERT INTO evidence_evidence (id, person_id, kind, starts, starts_by, ends, area_id, traits,
                                   detail, day, reference, derived_from_id, certificate,
                                   source_id, received_at)
    SELECT id, person, kind, starts, starts_by, ends, area, traits, detail, day, reference,
           derived_from, certificate, %(source)s, %(at)s
    FROM line ORDER BY reference, n
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT line.n, line.id FROM line JOIN stored USING (id)
"""

CLOSE: Final = """
UPDATE evidence_evidence AS fact
SET ends = known.ends, end_received_at = %(at)s
FROM unnest(%(ids)s::bigint[], %(ends)s::timestamptz[]) AS known (id, ends)
WHERE fact.id = known.id AND fact.ends IS NULL
"""

NO_ACT: Final = 0
"""For a withdrawal that is taken back. PostgreSQL checks the foreign key only at commit."""

LOCK: Final = """
SELECT id FROM evidence_evidence WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

# Withdraw the facts and everything derived from them. Facts that were withdrawn before end the
# search, because what was derived from them was withdrawn at that time. UNION (not UNION ALL) ends
# the recursion even if facts were derived from each other in a circle.
WITHDRAW: Final = """
WITH RECURSIVE falls (id) AS (
    SELECT id FROM evidence_evidence
    WHERE id = ANY(%(ids)s::bigint[]) AND withdrawn_by_id IS NULL
    UNION
    SELECT fact.id FROM falls JOIN evidence_evidence AS fact ON fact.derived_from_id = falls.id
    WHERE fact.withdrawn_by_id IS NULL
)
UPDATE evidence_evidence AS fact SET withdrawn_by_id = %(act)s
FROM falls WHERE fact.id = falls.id RETURNING fact.person_id
"""


def record(*, source: Account, facts: Sequence[NewFact], at: datetime) -> Recorded:
    """Store `facts` in one INSERT, in the caller's transaction.

    The service stores each reference of a source once. A new fact with a stored reference is the
    same fact if person, start, area and traits are the same. If the stored fact has no end yet and
    the new one has, the service adds the end. People and areas must exist; otherwise foreign keys
    refuse the whole transaction at commit.
    """
    if not facts:
        return Recorded(ids=(), known=frozenset(), people=frozenset())
    with connection.cursor() as cursor:
        rows = json.dumps([_row(n, fact) for n, fact in enumerate(facts)])
        cursor.execute(INSERT, {"facts": rows, "source": source.pk, "at": at})
        stored = dict(cursor.fetchall())
    left = [n for n in range(len(facts)) if n not in stored]
    known, closed = _recognise(source, facts, left, at) if left else ({}, frozenset())
    ids = {**stored, **known}
    return Recorded(
        ids=tuple(ids.get(n) for n in range(len(facts))),
        known=frozenset(known),
        people=frozenset(facts[n].person for n in stored) | closed,
    )


def lock(ids: Collection[int]) -> None:
    """Wait for everybody who derives facts from these, and let nobody do so in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(ids)])


def withdraw(*, ids: Collection[int], act: Act | None) -> frozenset[int]:
    """Withdraw facts by an officer's act: they no longer count, but they stay readable for good.

    Facts derived from them, directly or indirectly, are withdrawn too. Facts that were withdrawn
    before are skipped. Return the people concerned. `act` is None only within `foresee`, which
    rolls the withdrawal back.
    """
    lock(ids)
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW, {"ids": list(ids), "act": act.pk if act else NO_ACT})
        return frozenset(person for (person,) in cursor.fetchall())


def close(*, ends: Mapping[int, datetime], at: datetime) -> None:
    """Fill in the ends of facts, by id. A fact that has an end keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"ids": list(ends), "ends": list(ends.values()), "at": at})


def _row(n: int, fact: NewFact) -> dict[str, Any]:
    return {
        "n": n,
        "person": fact.person,
        "kind": str(fact.kind),
        "starts": fact.starts.isoformat(),
        "starts_by": fact.starts_by and fact.starts_by.isoformat(),
        "ends": fact.ends and fact.ends.isoformat(),
        "area": fact.area,
        "traits": list(fact.traits),
        "detail": dict(fact.detail),
        "day": fact.day and fact.day.isoformat(),
        "reference": fact.reference,
        "derived_from": fact.derived_from,
        "certificate": fact.certificate and f"\\x{fact.certificate.hex()}",
    }


def _recognise(
    source: Account, facts: Sequence[NewFact], left: Sequence[int], at: datetime
) -> tuple[dict[int, int], frozenset[int]]:
    """Find the facts at the positions `left` that were stored before; fill in their ends.

    Return {position: id}, and the people whose facts got an end.
    """
    references = {facts[n].reference for n in left} - {None}
    kinds = {str(facts[n].kind) for n in left}
    stored = {
        (fact.kind, fact.reference): fact
        for fact in Evidence.objects.filter(
            source=source, kind__in=kinds, reference__in=references
        ).only("kind", "reference", "person_id", "starts", "starts_by", "ends", "area_id", "traits")
    }
    known: dict[int, int] = {}
    ends: dict[int, datetime] = {}
    people: set[int] = set()
    for n in left:
        fact, before = facts[n], stored.get((str(facts[n].kind), facts[n].reference))
        if before is None or not _same(before, fact, ends.get(before.pk, before.ends)):
            continue
        known[n] = before.pk
        if before.ends is None and fact.ends is not None:
            ends[before.pk] = fact.ends
            people.add(fact.person)
    if ends:
        close(ends=ends, at=at)
    return known, frozenset(people)


def _same(stored: Evidence, given: NewFact, ends: datetime | None) -> bool:
    return (
        (stored.person_id, stored.starts, stored.starts_by, stored.area_id, set(stored.traits))
        == (given.person, given.starts, given.starts_by, given.area, set(given.traits))
    ) and (ends is None or given.ends is None or ends == given.ends)

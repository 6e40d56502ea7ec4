"""Write evidence: record a fact, fill in its end once, withdraw it by an officer's act."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from accounts.models import Account
from healthcode.acts.models import Act
from healthcode.core.log.batches import pieces
from healthcode.core.log.leaves import SALT_BYTES
from healthcode.evidence.digests import DIGEST, END_DIGESTS, NEW_SALT
from healthcode.evidence.models import Evidence, EvidenceKind, ForgottenCause


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact to record; its members have the meaning of those of `Evidence`.

    `line` is the number of a source's line. If `salt` is None, a line gets a new one.
    """

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
    line: int | None = None
    salt: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of `record`, in the order of the facts.

    `ids` has the id of each fact. It is None if the fact was not stored, because its reference, its
    day of check-in or its certificate belongs to another fact. `known` has the positions of facts
    that were already stored. `people` are the people about whom something is new. `digests` has the
    digest of each new line of a batch, by the position of its fact. A line is new if it brings a
    fact or the end of one. `taken` has the positions of facts whose reference stands for a
    different fact.
    """

    ids: tuple[int | None, ...]
    known: frozenset[int]
    people: frozenset[int]
    digests: Mapping[int, bytes] = field(default_factory=dict)
    taken: frozenset[int] = frozenset()

    @property
    def new(self) -> int:
        """Return how many facts were stored now."""
        return sum(id_ is not None and n not in self.known for n, id_ in enumerate(self.ids))


NOTHING: Final = Recorded(ids=(), known=frozenset(), people=frozenset())


# The ids are drawn for the lines first, so that the answer can say which line became which row: an
# INSERT that skips conflicting rows does not say so. Rows are inserted in the order of references,
# so that two loads of the same lines wait for each other instead of deadlocking.
INSERT: Final = f"""
WITH given AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('evidence_evidence', 'id')) AS id, given.*
    FROM jsonb_to_recordset(%(facts)s::jsonb) AS given (
        n int, person bigint, kind text, starts timestamptz, starts_by timestamptz,
        ends timestamptz, area text, traits text[], detail jsonb, day date, reference text,
        derived_from bigint, certificate bytea, line int, salt bytea)
), stored AS (
    INSERT INTO evidence_evidence (id, person_id, kind, starts, starts_by, ends, area_id, traits,
                                   detail, day, reference, derived_from_id, certificate,
                                   source_id, batch_id, line, salt, received_at)
    SELECT id, person, kind, starts, starts_by, ends, area, traits, coalesce(detail, '{{}}'), day,
           reference, derived_from, certificate, %(source)s, %(batch)s, line,
           CASE WHEN line IS NOT NULL THEN coalesce(salt, {NEW_SALT}) END, %(at)s
    FROM given ORDER BY reference, n
    ON CONFLICT DO NOTHING
    RETURNING id, salt
)
SELECT coalesce(array_agg(given.n ORDER BY n), '{{}}'), array_agg(given.id ORDER BY n),
       string_agg({DIGEST}, '' ORDER BY n)
FROM given JOIN stored USING (id)
"""  # noqa: S608  constants

# The service's role may not change facts, so the owner has functions for it, in migration 0003
# (docs/decisions/0042-two-database-roles.md).
CLOSE: Final = """
SELECT end_facts(%(ids)s::bigint[], %(ends)s::timestamptz[], %(at)s, %(batch)s, %(lines)s::int[],
                 %(salts)s::bytea[])
"""
LOCK: Final = "SELECT count(*) FROM lock_facts(%s::bigint[])"
WITHDRAW: Final = "SELECT * FROM withdraw_facts(%(ids)s::bigint[], %(act)s)"
FORGET: Final = "SELECT forget_evidence(%(ids)s::bigint[], %(cause)s)"

NO_ACT: Final = 0
"""For a withdrawal that is taken back. PostgreSQL checks the foreign key only at commit."""


def record(
    *, source: Account, facts: Sequence[NewFact], at: datetime, batch: int | None = None
) -> Recorded:
    """Store `facts` in one INSERT, in the caller's transaction.

    `batch` is the number of the report from which they come.

    The service stores each reference of a source once. A new fact with a stored reference is the
    same fact if person, start, area and traits are the same. If the stored fact has no end yet and
    the new one has, the service adds the end. People and areas must exist; otherwise foreign keys
    refuse the whole transaction at commit.
    """
    if not facts:
        return NOTHING
    with connection.cursor() as cursor:
        rows = json.dumps([{"n": n, **fact_row(fact)} for n, fact in enumerate(facts)])
        bound: dict[str, Any] = {"facts": rows, "source": source.pk, "at": at, "batch": batch}
        cursor.execute(INSERT, bound)
        order, ids, digests = cursor.fetchone()
    stored = dict(zip(order, ids or (), strict=True))
    left = [n for n in range(len(facts)) if n not in stored]
    found = _recognise(source, facts, left, at, batch) if left else NOTHING
    of_facts = dict(zip(order, pieces(digests), strict=True)) if digests else {}
    return replace(
        found,
        ids=tuple(stored.get(n, id_) for n, id_ in enumerate(found.ids or [None] * len(facts))),
        people=frozenset(facts[n].person for n in stored) | found.people,
        digests={**of_facts, **found.digests},
    )


def recognise(
    *, source: Account, facts: Sequence[NewFact], at: datetime, batch: int | None = None
) -> Recorded:
    """Find the facts whose references were stored before, and fill in their ends; store no other.

    The ids of all others are None. `batch` is as for `record`.
    """
    return _recognise(source, facts, range(len(facts)), at, batch) if facts else NOTHING


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


@dataclass(frozen=True, slots=True)
class NewEnd:
    """The end of a fact, and the line of a report that brought it, with its salt."""

    at: datetime
    line: int | None = None
    salt: bytes | None = None


def close(*, ends: Mapping[int, NewEnd], at: datetime, batch: int | None = None) -> None:
    """Fill in the ends of facts, by id. A fact that has an end keeps it.

    `batch` is the report whose lines brought the ends.
    """
    bound: dict[str, Any] = {
        "ids": list(ends),
        "ends": [end.at for end in ends.values()],
        "at": at,
        "batch": batch,
        "lines": [end.line for end in ends.values()],
        "salts": [end.salt for end in ends.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, bound)


def forget(*, ids: Collection[int], cause: ForgottenCause) -> int:
    """Delete facts for good, and record how many, why and when; return how many.

    Raises:
        ProgrammingError: the database refuses, because the rule of this cause still keeps a fact.
    """
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"ids": list(ids), "cause": cause.value})
        return int(cursor.fetchone()[0])


def fact_row(fact: NewFact) -> dict[str, Any]:
    """Return a fact as JSON for the statements that store it; what is left out is null."""
    row: dict[str, Any] = {
        "person": fact.person,
        "kind": fact.kind,
        "starts": fact.starts.isoformat(),
        "traits": fact.traits,
        "line": fact.line,
        "reference": fact.reference,
    }
    if fact.ends is not None:
        row["ends"] = fact.ends.isoformat()
    if fact.area is not None:
        row["area"] = fact.area
    if fact.starts_by is not None:
        row["starts_by"] = fact.starts_by.isoformat()
    if fact.day is not None:
        row["day"] = fact.day.isoformat()
    if fact.detail:
        row["detail"] = dict(fact.detail)
    if fact.derived_from is not None:
        row["derived_from"] = fact.derived_from
    if fact.certificate is not None:
        row["certificate"] = f"\\x{fact.certificate.hex()}"
    if fact.salt is not None:
        row["salt"] = f"\\x{fact.salt.hex()}"
    return row


def _recognise(
    source: Account,
    facts: Sequence[NewFact],
    left: Sequence[int],
    at: datetime,
    batch: int | None,
) -> Recorded:
    """Find the facts at the positions `left` that were stored before; fill in their ends."""
    references = {facts[n].reference for n in left} - {None}
    kinds = {str(facts[n].kind) for n in left}
    stored = {
        (fact.kind, fact.reference): fact
        for fact in Evidence.objects.filter(
            source=source, kind__in=kinds, reference__in=references
        ).only("kind", "reference", "person_id", "starts", "starts_by", "ends", "area_id", "traits")
    }
    known: dict[int, int] = {}
    taken: set[int] = set()
    ends: dict[int, NewEnd] = {}
    brought_by: dict[int, int] = {}
    for n in left:
        fact, before = facts[n], stored.get((str(facts[n].kind), facts[n].reference))
        if before is None:
            continue
        end = ends[before.pk].at if before.pk in ends else before.ends
        if not _same(before, fact, end):
            taken.add(n)
            continue
        known[n] = before.pk
        if end is None and fact.ends is not None:
            ends[before.pk] = _new_end(fact, fact.ends, batch)
            brought_by[before.pk] = n
    if ends:
        close(ends=ends, at=at, batch=batch)
    return Recorded(
        ids=tuple(known.get(n) for n in range(len(facts))),
        known=frozenset(known),
        people=frozenset(facts[n].person for n in brought_by.values()),
        digests={} if batch is None else _end_digests(brought_by, batch),
        taken=frozenset(taken),
    )


def _new_end(fact: NewFact, at: datetime, batch: int | None) -> NewEnd:
    if batch is None or fact.line is None:
        return NewEnd(at)
    return NewEnd(at, fact.line, fact.salt or secrets.token_bytes(SALT_BYTES))


def _end_digests(brought_by: Mapping[int, int], batch: int) -> dict[int, bytes]:
    """Return the digests of lines that brought the ends of facts, by position."""
    if not brought_by:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(END_DIGESTS, {"ids": list(brought_by), "batch": batch})
        found = cursor.fetchall()
    return {brought_by[id_]: bytes(digest) for id_, digest in found if digest is not None}


def _same(stored: Evidence, given: NewFact, ends: datetime | None) -> bool:
    return (
        (stored.person_id, stored.starts, stored.starts_by, stored.area_id, set(stored.traits))
        == (given.person, given.starts, given.starts_by, given.area, set(given.traits))
    ) and (ends is None or given.ends is None or ends == given.ends)

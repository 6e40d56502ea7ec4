"""Compare facts and held lines with the reports that brought them, and reports with their leaves.

Whoever edits the database leaves rows that contradict others. The functions read part by part, so
that the caller can stop between two parts. Call each in one snapshot.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import connection
from django.db.models.functions import Length

from accounts.models import Grant, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import minute_of
from healthcode.acts.models import Act, LogLeaf
from healthcode.core.errors import MalformedLog
from healthcode.core.log.batches import pieces
from healthcode.core.log.leaves import Leaf, decode_leaf
from healthcode.core.log.merkle import HASH_BYTES
from healthcode.evidence.batches import leaf_kind, root_under
from healthcode.evidence.bits import lines_in, lines_of
from healthcode.evidence.digests import AS_FIRST_SENT, DIGEST
from healthcode.evidence.forgetting import LEAF_KIND, complete_notes, note_leaf
from healthcode.evidence.models import (
    Forgotten,
    ForgottenLines,
    ReportKind,
    SourceBatch,
)

REPORTS_AT_ONCE: Final = 500
LINES_AT_ONCE: Final = 20_000
FACTS_AT_ONCE: Final = 100_000
NOTES_AT_ONCE: Final = 50
UPGRADE: Final = timedelta(days=1)
"""How long processes of version 1.0.0 may still store facts without a report."""


class FactFindingKind(StrEnum):
    """What contradicts a report. The value is stored, so never rename it."""

    FACT_EDITED = "fact-edited"
    """A fact is not what its report says. The number is that of the fact."""
    HELD_EDITED = "held-edited"
    """A held line is not what its report says, or what acts decided about it. Its number."""
    FACT_TWICE = "fact-twice"
    """Another row stands for the same line, or the line was forgotten. The number of the fact."""
    FACT_UNCONFIRMED = "fact-unconfirmed"
    """The line was held, and no act confirmed it. The number of the fact."""
    FACT_MISSING = "fact-missing"
    """A line is neither stored nor forgotten. The numbers of the report and of the line."""
    FACT_UNREPORTED = "fact-unreported"
    """A fact of a source that no report has. The number of the fact."""
    WITHDRAWAL_EDITED = "withdrawal-edited"
    """A fact's withdrawal is not that of an act. The number of the fact."""
    REPORT_EDITED = "report-edited"
    """A report is not the one of its leaf. The number of the report."""
    REPORT_MISSING = "report-missing"
    """A leaf has no report. The number of the report."""
    REPORT_NOT_LOGGED = "report-not-logged"
    """A report has no leaf. The number of the report."""
    NOTE_EDITED = "note-edited"
    """A note of what was forgotten is not the one of its leaf. The number of the note."""
    NOTE_MISSING = "note-missing"
    """The leaf of a note has no note. The number of the note."""
    NOTE_NOT_LOGGED = "note-not-logged"
    """A note has no leaf. The number of the note."""


@dataclass(frozen=True, slots=True)
class FactFinding:
    """A contradiction: its kind, and the number of the row; `line` is that of a missing line."""

    kind: FactFindingKind
    number: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class FactPart:
    """What was found, the number of the last row compared, and how many lines there were."""

    findings: tuple[FactFinding, ...]
    after: int
    is_last: bool
    lines: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    """A stored row that stands for a line: a fact, the end of a fact, or a held line."""

    table: str
    number: int
    batch: int
    line: int
    digest: bytes
    source: int
    says_more: bool
    received_at: datetime | None
    decided_by: int | None


# A fact may stand for two lines: that which brought it, and that which brought its end.
_MEMBERS: Final = """
    id, person_id AS person, kind, starts, starts_by, area_id AS area, traits, reference, source_id
"""
# A source says none of these.
_MORE: Final = "(detail <> '{}' OR num_nonnulls(day, certificate, derived_from_id) > 0)"
ROWS: Final = f"""
WITH given AS (
    SELECT 'fact' AS stands_in, {_MEMBERS}, {AS_FIRST_SENT} AS ends, batch_id AS batch, line, salt,
           {_MORE} AS says_more, received_at, NULL::bigint AS decided_by
    FROM evidence_evidence AS fact WHERE batch_id = ANY(%(batches)s)
    UNION ALL
    SELECT 'end', {_MEMBERS}, ends, end_batch_id, end_line, end_salt, false, end_received_at,
           NULL
    FROM evidence_evidence WHERE end_batch_id = ANY(%(batches)s)
    UNION ALL
    SELECT 'held', {_MEMBERS}, ends, batch_id, line, salt, false, NULL, rejected_by_id
    FROM evidence_heldline WHERE batch_id = ANY(%(batches)s)
)
SELECT stands_in, id, batch, coalesce(line, 0), coalesce({DIGEST}, ''), source_id, says_more,
       received_at, decided_by
FROM given CROSS JOIN LATERAL (SELECT given.salt) AS stored
ORDER BY batch, line, id
"""  # noqa: S608  constants

# Facts that sources report come in reports. So do all cases, and tests without a certificate.
UNREPORTED: Final = """
SELECT fact.id FROM evidence_evidence AS fact
WHERE fact.id > %(after)s AND fact.id <= %(until)s
  AND (fact.batch_id IS NULL AND fact.received_at > %(since)s AND fact.derived_from_id IS NULL
       AND (fact.source_id = ANY(%(sources)s) OR fact.kind = 'case'
            OR fact.kind = 'test' AND fact.certificate IS NULL)
    OR fact.batch_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM evidence_sourcebatch AS batch WHERE batch.id = fact.batch_id)
    OR fact.end_batch_id IS NULL AND fact.end_received_at > %(since)s
       AND fact.source_id = ANY(%(sources)s))
ORDER BY fact.id
"""
# An act of withdrawal names its facts, and what was derived from them is withdrawn with them.
WITHDRAWALS: Final = """
SELECT fact.id FROM evidence_evidence AS fact
JOIN accounts_act AS act ON act.id = fact.withdrawn_by_id
WHERE fact.id > %(after)s AND fact.id <= %(until)s
  AND (act.kind NOT LIKE '%%-withdrawn'
    OR act.kind IN ('evidence-withdrawn', 'facts-withdrawn') AND act.detail ? 'evidence'
       AND NOT act.detail->'evidence' @> to_jsonb(fact.id) AND fact.derived_from_id IS NULL)
UNION
SELECT fact.id FROM evidence_evidence AS fact
JOIN evidence_evidence AS earlier ON earlier.id = fact.derived_from_id
WHERE fact.id > %(after)s AND fact.id <= %(until)s
  AND fact.withdrawn_by_id IS NULL AND earlier.withdrawn_by_id IS NOT NULL
ORDER BY id
"""
NAMED: Final = """
SELECT fact.id FROM accounts_act AS act
CROSS JOIN LATERAL jsonb_path_query(act.detail, 'lax $.evidence[*]') AS named (number)
JOIN evidence_evidence AS fact ON fact.id = named.number::bigint
WHERE act.kind IN ('evidence-withdrawn', 'facts-withdrawn') AND fact.withdrawn_by_id IS NULL
ORDER BY fact.id
"""
MISSING_REPORTS: Final = """
SELECT leaf.number FROM acts_logleaf AS leaf
WHERE leaf.kind = ANY(%(kinds)s)
  AND NOT EXISTS (SELECT FROM evidence_sourcebatch AS batch WHERE batch.id = leaf.number)
ORDER BY leaf.number
"""
MISSING_NOTES: Final = """
SELECT leaf.number FROM acts_logleaf AS leaf
WHERE leaf.kind = %(kind)s
  AND NOT EXISTS (SELECT FROM evidence_forgotten AS note WHERE note.id = leaf.number)
ORDER BY leaf.number
"""
_SINCE: Final = """
SELECT applied FROM django_migrations
WHERE app = 'evidence' AND name = '0002_sources_have_grants'
"""


def reports_part(after: int) -> FactPart:
    """Compare the next reports after number `after` with their leaves and their rows.

    The last part also has the leaves without a report.
    """
    batches = _next_reports(after)
    numbers = [batch.pk for batch in batches]
    rows, forgotten, decided = _rows(numbers), _forgotten(numbers), _decided(batches)
    found = list(_against_leaves(batches))
    for batch in batches:
        compared = _Report(batch, rows[batch.pk], forgotten[batch.pk], decided.get(batch.pk, {}))
        found += compared.findings()
    is_last = not batches
    if is_last:
        kinds = [f"{kind}-reported" for kind in ReportKind.values]
        missing = _numbers(MISSING_REPORTS, kinds=kinds)
        found += [FactFinding(FactFindingKind.REPORT_MISSING, number) for number in missing]
    lines = sum(len(batch.digests) // HASH_BYTES for batch in batches)
    return FactPart(tuple(found), numbers[-1] if numbers else after, is_last, lines)


def facts_part(after: int) -> FactPart:
    """Find facts after number `after` that no report has, or whose withdrawal is no act's.

    The last part also has the facts that an act withdrew and that count again.
    """
    until = after + FACTS_AT_ONCE
    within = {"after": after, "until": until}
    # Facts stay those of a source, also when its role has ended.
    ever = Grant.objects.ever().filter(role=Role.SOURCE)
    sources = list(ever.values_list("account", flat=True))
    unreported = _numbers(UNREPORTED, **within, since=_since(), sources=sources)
    withdrawals = _numbers(WITHDRAWALS, **within)
    newest = _numbers("SELECT coalesce(max(id), 0) FROM evidence_evidence")[0]
    is_last = until >= newest
    if is_last:
        withdrawals += _numbers(NAMED)
    found = [FactFinding(FactFindingKind.FACT_UNREPORTED, number) for number in unreported]
    found += [
        FactFinding(FactFindingKind.WITHDRAWAL_EDITED, number) for number in sorted({*withdrawals})
    ]
    return FactPart(tuple(found), until, is_last)


def notes_part(after: int) -> FactPart:
    """Compare the next notes of what was forgotten with their leaves.

    The last part also has the leaves without a note. A note that is not complete yet has no leaf.
    """
    notes = list(Forgotten.objects.filter(pk__gt=after).order_by("pk")[:NOTES_AT_ONCE])
    numbers = [note.pk for note in notes]
    leaves = {
        leaf.number: leaf for leaf in LogLeaf.objects.filter(kind=LEAF_KIND, number__in=numbers)
    }
    complete = set(complete_notes().filter(pk__in=numbers).values_list("pk", flat=True))
    found = []
    for note in notes:
        leaf = leaves.get(note.pk)
        if leaf is None and note.pk in complete:
            found.append(FactFinding(FactFindingKind.NOTE_NOT_LOGGED, note.pk))
        elif leaf is not None and _read(leaf) != note_leaf(note):
            found.append(FactFinding(FactFindingKind.NOTE_EDITED, note.pk))
    is_last = len(notes) < NOTES_AT_ONCE
    if is_last:
        missing = _numbers(MISSING_NOTES, kind=LEAF_KIND)
        found += [FactFinding(FactFindingKind.NOTE_MISSING, number) for number in missing]
    return FactPart(tuple(found), numbers[-1] if numbers else after, is_last)


@dataclass(frozen=True, slots=True)
class _Report:
    """A report, the rows that stand for its lines, and what happened to the others.

    `decided` has the act that decided about each held line.
    """

    batch: SourceBatch
    rows: Sequence[_Row]
    forgotten: Collection[int]
    decided: Mapping[int, Act]

    def findings(self) -> Iterator[FactFinding]:
        """Yield what contradicts the digests of the report."""
        lines, digests = lines_of(self.batch.lines), pieces(self.batch.digests)
        if self.batch.kind == ReportKind.PRESENCES:
            lines, digests = [], []
        waiting = set(lines_of(self.batch.waiting))
        places = dict(zip(lines, digests, strict=False))
        if len(places) != len(digests):
            yield FactFinding(FactFindingKind.REPORT_EDITED, self.batch.pk)
        found: set[int] = set()
        for row in self.rows:
            kind = self._fault(row, places, waiting, found)
            if kind:
                yield FactFinding(kind, row.number)
            found.add(row.line)
        for line in places:
            if line not in found and line not in self.forgotten:
                yield FactFinding(FactFindingKind.FACT_MISSING, self.batch.pk, line)

    def _fault(
        self, row: _Row, places: Mapping[int, bytes], waiting: set[int], found: set[int]
    ) -> FactFindingKind | None:
        is_held = row.table == "held"
        edited = FactFindingKind.HELD_EDITED if is_held else FactFindingKind.FACT_EDITED
        is_as_sent = places.get(row.line) == row.digest and row.source == self.batch.source_id
        if not is_as_sent or row.says_more:
            return edited
        if row.line in found or row.line in self.forgotten:
            return edited if is_held else FactFindingKind.FACT_TWICE
        act = self.decided.get(row.line) if row.line in waiting else None
        if is_held:
            # A confirmed line that could not become evidence stays, and names its act, too.
            is_right = row.line in waiting and row.decided_by == (act.pk if act else None)
            return None if is_right else edited
        if row.line in waiting and (act is None or act.kind != ActKind.HELD_LINES_CONFIRMED):
            return FactFindingKind.FACT_UNCONFIRMED
        return None if row.received_at == (act.at if act else self.batch.at) else edited


def _next_reports(after: int) -> list[SourceBatch]:
    """Return the next reports, at most about `LINES_AT_ONCE` lines."""
    sizes = SourceBatch.objects.filter(pk__gt=after).order_by("pk")
    chosen, lines = [], 0
    for number, bytes_ in sizes.values_list("pk", Length("digests"))[:REPORTS_AT_ONCE]:
        chosen.append(number)
        lines += bytes_ // HASH_BYTES
        if lines >= LINES_AT_ONCE:
            break
    return list(SourceBatch.objects.filter(pk__in=chosen).order_by("pk"))


def _rows(numbers: Sequence[int]) -> Mapping[int, list[_Row]]:
    rows: dict[int, list[_Row]] = {number: [] for number in numbers}
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"batches": list(numbers)})
        for table, number, batch, line, digest, *others in cursor.fetchall():
            rows[batch].append(_Row(table, number, batch, line, bytes(digest), *others))
    return rows


def _forgotten(numbers: Sequence[int]) -> Mapping[int, set[int]]:
    lines: dict[int, set[int]] = {number: set() for number in numbers}
    noted = ForgottenLines.objects.filter(batch__in=numbers).values_list("batch", "lines")
    for number, bits in noted:
        lines[number].update(lines_of(bits))
    return lines


def _decided(batches: Iterable[SourceBatch]) -> Mapping[int, dict[int, Act]]:
    """Return the acts that decided about held lines, by report and line."""
    held = [batch.pk for batch in batches if bytes(batch.waiting)]
    found: dict[int, dict[int, Act]] = {}
    kinds = [ActKind.HELD_LINES_CONFIRMED, ActKind.HELD_LINES_REJECTED]
    for act in Act.objects.filter(kind__in=kinds, detail__batch__in=held) if held else ():
        by_line = found.setdefault(act.detail["batch"], {})
        by_line.update(dict.fromkeys(lines_in(act.detail.get("numbers", "")), act))
    return found


def _against_leaves(batches: Sequence[SourceBatch]) -> Iterator[FactFinding]:
    kinds = {leaf_kind(batch) for batch in batches}
    rows = LogLeaf.objects.filter(kind__in=kinds, number__in=[batch.pk for batch in batches])
    leaves = {(row.kind, row.number): row for row in rows}
    for batch in batches:
        row = leaves.get((leaf_kind(batch), batch.pk))
        if row is None:
            yield FactFinding(FactFindingKind.REPORT_NOT_LOGGED, batch.pk)
            continue
        leaf, root = _read(row), root_under(batch)
        is_made_for = leaf is not None and (leaf.digest, leaf.minute) == (
            root.hex(),
            minute_of(batch.at),
        )
        if not is_made_for or root != bytes(batch.root):
            yield FactFinding(FactFindingKind.REPORT_EDITED, batch.pk)


def _read(row: LogLeaf) -> Leaf | None:
    try:
        return decode_leaf(bytes(row.entry))
    except MalformedLog:
        return None


def _since() -> datetime:
    """Return from when each fact of a source must have a report."""
    with connection.cursor() as cursor:
        cursor.execute(_SINCE)
        applied: datetime = cursor.fetchone()[0]
    return applied + UPGRADE


def _numbers(statement: str, **bound: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, bound)
        return [int(number) for (number,) in cursor.fetchall()]

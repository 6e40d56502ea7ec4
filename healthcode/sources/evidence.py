"""Store the evidence that source systems report in bulk.

A report takes a few statements, however many lines it has. The same transaction requests the
recomputation of the people concerned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.models import Account
from healthcode.areas.errors import UnknownArea
from healthcode.areas.lives import Life, lives
from healthcode.colours.models import Cause
from healthcode.colours.recompute import request
from healthcode.evidence import batches, services
from healthcode.evidence.errors import (
    MalformedLine,
    ReferenceTaken,
    UnknownPerson,
)
from healthcode.evidence.held import NewHeldLine, hold
from healthcode.evidence.lines import EvidenceLine, Reader
from healthcode.evidence.models import HeldWhy
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.grants import admit, area_of
from healthcode.sources.holders import people_of
from healthcode.web.errors import MalformedRequest, Refusal
from healthcode.web.problems import refusal_document, validation_document

Problem = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of one line: the number of the evidence, or that it is held, or the problem.

    `held` is true if the line has no effect until an officer confirms it. `known` is true if the
    line was stored before. `notice` is set if the code of its area had ended: the line is stored,
    but the source should correct its list of codes.
    """

    line: int
    id: int | None = None
    held: bool = False
    known: bool = False
    problem: Problem | None = None
    notice: Life | None = None


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """The results of a source's lines, and the recomputation (None if nothing was new)."""

    results: tuple[LineResult, ...]
    recomputation: int | None

    @property
    def accepted(self) -> int:
        """Return how many lines are in the evidence now, new or known before."""
        return sum(result.id is not None for result in self.results)

    @property
    def held(self) -> int:
        """Return how many lines wait for an officer, new or known before."""
        return sum(result.held for result in self.results)

    @property
    def rejected(self) -> int:
        """Return how many lines were refused."""
        return sum(result.problem is not None for result in self.results)


@transaction.atomic
def report_evidence(
    *, source: Account, kind: str, lines: Iterable[NumberedLine], at: datetime
) -> EvidenceReport:
    """Store the correct lines and return the problem of each of the others.

    `kind` is a key of `evidence.lines.FORMS`. The number of queries does not depend on the number
    of lines. A line whose reference was stored before is accepted again and changes nothing. A line
    that exceeds the source's grant is held for an officer (`sources.grants`).
    """
    read, results = _read(Reader(kind, at=at), lines)
    facts, notices = _resolve(read, results, home=area_of(source, kind, at=at), at=at)
    batch = batches.next_batch()
    held = _held(source, kind, facts, at)
    stored = _record(
        source, batch, {line: fact for line, fact in facts.items() if line not in held}, at
    )
    if held:
        stored += _hold(source, batch, {line: (facts[line], held[line]) for line in held}, at)
    for line, result in stored.results.items():
        results[line] = replace(result, notice=notices.get(line)) if line in notices else result
    if results:
        batches.record_batch(
            number=batch,
            source=source,
            kind=kind,
            counts=_counts(results.values()),
            people=len({facts[line].person for line in stored.digests}),
            digests=stored.digests,
            waiting=[line for line in stored.digests if stored.results[line].held],
            at=at,
        )
    recomputation = None
    if stored.people:
        recomputation = request(cause=Cause.EVIDENCE, people=sorted(stored.people)).pk
    return EvidenceReport(tuple(results[line] for line in sorted(results)), recomputation)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What became of some lines: their results, the digests of new ones, whom they concern."""

    results: Mapping[int, LineResult]
    digests: Mapping[int, bytes]
    people: frozenset[int]

    def __add__(self, other: "_Stored") -> "_Stored":
        return _Stored(
            {**self.results, **other.results},
            {**self.digests, **other.digests},
            self.people | other.people,
        )


def _held(
    source: Account, kind: str, facts: Mapping[int, services.NewFact], at: datetime
) -> dict[int, HeldWhy]:
    """Return the lines that must wait, and why."""
    order = list(facts)
    held = admit(source=source, kind=kind, facts=list(facts.values()), at=at)
    return {order[n]: why for n, why in held.items()}


def _record(
    source: Account, batch: int, facts: Mapping[int, services.NewFact], at: datetime
) -> _Stored:
    order = list(facts)
    recorded = services.record(source=source, facts=list(facts.values()), at=at, batch=batch)
    results = {
        line: _refused(line, ReferenceTaken())
        if id_ is None
        else LineResult(line, id=id_, known=n in recorded.known)
        for n, (line, id_) in enumerate(zip(order, recorded.ids, strict=True))
    }
    digests = {order[n]: digest for n, digest in recorded.digests.items()}
    return _Stored(results, digests, recorded.people)


def _hold(
    source: Account,
    batch: int,
    lines: Mapping[int, tuple[services.NewFact, HeldWhy]],
    at: datetime,
) -> _Stored:
    """Let lines wait for an officer, except those whose reference is in the evidence already."""
    order = list(lines)
    facts = [fact for fact, _why in lines.values()]
    before = services.recognise(source=source, facts=facts, at=at, batch=batch)
    results: dict[int, LineResult] = {}
    waiting: list[NewHeldLine] = []
    for n, line in enumerate(order):
        if n in before.taken:
            results[line] = _refused(line, ReferenceTaken())
        elif n in before.known:
            results[line] = LineResult(line, id=before.ids[n], known=True)
        else:
            waiting.append(NewHeldLine(line, *lines[line]))
    digests = hold(source=source, batch=batch, lines=waiting)
    for held in waiting:
        results[held.line] = LineResult(held.line, held=True, known=held.line not in digests)
    ends = {order[n]: digest for n, digest in before.digests.items()}
    return _Stored(results, {**ends, **digests}, before.people)


def _counts(results: Iterable[LineResult]) -> batches.BatchCounts:
    recorded = known = held = refused = 0
    for result in results:
        refused += result.problem is not None
        known += result.known
        held += result.held and not result.known
        recorded += result.id is not None and not result.known
    return batches.BatchCounts(recorded=recorded, known=known, held=held, refused=refused)


def _read(
    reader: Reader, lines: Iterable[NumberedLine]
) -> tuple[dict[int, EvidenceLine], dict[int, LineResult]]:
    """Return the well-formed lines by number, and the problems of the others."""
    read: dict[int, EvidenceLine] = {}
    faults: dict[int, LineResult] = {}
    for line in lines:
        if isinstance(line.value, MalformedLine):
            refusal = MalformedRequest(_("This line is not a JSON object."))
            faults[line.number] = _refused(line.number, refusal)
            continue
        try:
            read[line.number] = reader.read(line.value)
        except ValidationError as fault:
            faults[line.number] = LineResult(line.number, problem=validation_document(fault))
    return read, faults


def _resolve(
    read: Mapping[int, EvidenceLine], results: dict[int, LineResult], *, home: str, at: datetime
) -> tuple[dict[int, services.NewFact], dict[int, Life]]:
    """Return the facts whose person and area exist, and the notices, by the numbers of their lines.

    Problems of the other lines go to `results`. A line whose area code had ended is kept, with a
    notice. People whom nobody has registered wait in `home`.
    """
    areas = lives({line.area for line in read.values() if line.area is not None})
    placed = [line for line in read.values() if line.area is None or line.area in areas]
    people = people_of({line.holder for line in placed}, home=home, at=at)
    facts: dict[int, services.NewFact] = {}
    notices: dict[int, Life] = {}
    for number, line in read.items():
        person = people.get(line.holder)
        if line.area is not None and line.area not in areas:
            results[number] = _refused(
                number, UnknownArea(_("There is no area with this code."), codes=[line.area])
            )
        elif person is None:
            results[number] = _refused(number, UnknownPerson())
        else:
            facts[number] = line.fact(person, number)
            if line.area is not None and areas[line.area].has_ended_by(line.starts):
                notices[number] = areas[line.area]
    return facts, notices


def _refused(number: int, refusal: Refusal) -> LineResult:
    return LineResult(number, problem=refusal_document(refusal))

"""Store the evidence that source systems report in bulk.

A report takes a few statements, however many lines it has. The same transaction requests the
recomputation of the people concerned.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.models import Account, Person
from accounts.selectors import find_people
from healthcode.areas.errors import UnknownArea
from healthcode.areas.lives import Life, lives
from healthcode.colours.models import Cause
from healthcode.colours.recompute import request
from healthcode.evidence import services
from healthcode.evidence.errors import (
    MalformedLine,
    ReferenceTaken,
    UnknownPerson,
)
from healthcode.evidence.lines import DocumentNumber, EvidenceLine, Reader
from healthcode.evidence.ndjson import NumberedLine
from healthcode.web.errors import MalformedRequest, Refusal
from healthcode.web.problems import refusal_document, validation_document

Problem = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of one line: the number of the evidence, or the problem.

    `known` is true if the line was stored before. `notice` is set if the code of its area had
    ended: the line is stored, but the source should correct its list of codes.
    """

    line: int
    id: int | None = None
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
        return sum(result.problem is None for result in self.results)

    @property
    def rejected(self) -> int:
        """Return how many lines were refused."""
        return len(self.results) - self.accepted


@transaction.atomic
def report_evidence(
    *, source: Account, kind: str, lines: Iterable[NumberedLine], at: datetime
) -> EvidenceReport:
    """Store the correct lines and return the problem of each of the others.

    `kind` is a key of `evidence.lines.FORMS`. The number of queries does not depend on the number
    of lines. A line whose reference was stored before is accepted again and changes nothing.
    """
    read, results = _read(Reader(kind, at=at), lines)
    facts, numbers, notices = _resolve(read, results)
    recorded = services.record(source=source, facts=facts, at=at)
    for position, (number, id_) in enumerate(zip(numbers, recorded.ids, strict=True)):
        results[number] = (
            _refused(number, ReferenceTaken())
            if id_ is None
            else LineResult(
                number, id=id_, known=position in recorded.known, notice=notices.get(number)
            )
        )
    recomputation = None
    if recorded.people:
        recomputation = request(cause=Cause.EVIDENCE, people=sorted(recorded.people)).pk
    return EvidenceReport(tuple(results[number] for number in sorted(results)), recomputation)


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
    read: Mapping[int, EvidenceLine], results: dict[int, LineResult]
) -> tuple[list[services.NewFact], list[int], dict[int, Life]]:
    """Return the facts whose person and area exist, the numbers of their lines, and the notices.

    Problems of the other lines go to `results`. A line whose area code had ended is kept, with a
    notice.
    """
    people = _people(list(read.values()))
    areas = lives({line.area for line in read.values() if line.area is not None})
    facts: list[services.NewFact] = []
    numbers: list[int] = []
    notices: dict[int, Life] = {}
    for number, line in read.items():
        person = people.get(line.holder)
        if person is None:
            results[number] = _refused(number, UnknownPerson())
        elif line.area is not None and line.area not in areas:
            results[number] = _refused(
                number, UnknownArea(_("There is no area with this code."), codes=[line.area])
            )
        else:
            facts.append(line.fact(person))
            numbers.append(number)
            if line.area is not None and areas[line.area].has_ended_by(line.starts):
                notices[number] = areas[line.area]
    return facts, numbers, notices


def _people(lines: Sequence[EvidenceLine]) -> dict[int | DocumentNumber, int]:
    """Return the person of each holder that exists.

    One query finds all persons given by number, another all given by document.
    """
    people: dict[int | DocumentNumber, int] = {}
    given = {line.holder for line in lines if isinstance(line.holder, int)}
    if given:
        known = Person.objects.filter(pk__in=given).values_list("pk", flat=True)
        people.update((person, person) for person in known)
    documents = {line.holder for line in lines if isinstance(line.holder, tuple)}
    if documents:
        found = find_people(sorted(documents))
        people.update((holder, person) for holder, person in found.items())
    return people


def _refused(number: int, refusal: Refusal) -> LineResult:
    return LineResult(number, problem=refusal_document(refusal))

"""What is reported about people, and the colours that follow from it.

Residents declare and check in and have the colour at once. Sources report in bulk: the report is
stored in a few statements however long it is, and a recomputation for the people it concerns is
written with it. An officer withdraws what was wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.authority import require
from accounts.models import Account, Person, Role
from accounts.selectors import find_people
from accounts.services import record_act
from healthcode.areas.errors import UnknownArea
from healthcode.areas.selectors import names
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import recompute_people, request
from healthcode.colours.selectors import PersonDecision, decision_of
from healthcode.colours.wake import send
from healthcode.evidence import services
from healthcode.evidence.declarations import (
    CheckIn,
    Declaration,
    record_check_in,
    record_declaration,
)
from healthcode.evidence.errors import (
    AlreadyWithdrawn,
    MalformedLine,
    ReferenceTaken,
    UnknownPerson,
)
from healthcode.evidence.lines import Document, Line, Reader
from healthcode.evidence.models import Evidence
from healthcode.evidence.ndjson import NumberedLine
from healthcode.web.errors import NotFound, Refusal
from healthcode.web.problems import document, refusal_document, validation_document

Problem = Mapping[str, object]

WITHDRAWAL: Final = "evidence-withdrawn"


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line: the evidence it is (`known` when it was there), or a problem."""

    line: int
    id: int | None = None
    known: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a source's lines, and the recomputation that follows (None: nothing new)."""

    results: tuple[LineResult, ...]
    recomputation: int | None

    @property
    def accepted(self) -> int:
        """How many lines are in the evidence now, whether new or known before."""
        return sum(result.problem is None for result in self.results)

    @property
    def rejected(self) -> int:
        """How many are not."""
        return len(self.results) - self.accepted


@transaction.atomic
def declare(
    *, account: Account, person: Person, declaration: Declaration, at: datetime
) -> PersonDecision:
    """Record a declaration and decide the colour that follows, as one.

    Raises:
        UnknownArea: when a stay names an area that never existed.
        TooMany: when there were too many declarations today.
    """
    record_declaration(account=account, person=person, declaration=declaration, at=at)
    return decide_now(person, at)


@transaction.atomic
def check_in(
    *, account: Account, person: Person, check_in: CheckIn, at: datetime
) -> PersonDecision:
    """Record today's check-in and decide the colour that follows, as one.

    Raises:
        AlreadyCheckedIn: when there is one for today.
    """
    record_check_in(account=account, person=person, check_in=check_in, at=at)
    return decide_now(person, at)


def evidence_for(account: Account, evidence_id: int) -> Evidence:
    """One fact, with its area and source, for an officer responsible for the person's home.

    Raises:
        NotFound: when there is no such evidence.
        Forbidden: when the person's home is outside the officer's area.
    """
    known = Evidence.objects.select_related("person", "area", "source")
    fact = known.filter(pk=evidence_id).first()
    if fact is None:
        raise NotFound(_("There is no evidence with this number."))
    require(account, Role.OFFICER, fact.person.home_area)
    return fact


@transaction.atomic
def withdraw_evidence(
    *, account: Account, evidence_id: int, ground: str, at: datetime
) -> Recomputation:
    """Take one fact out of all decisions, as an officer's act on a ground.

    Raises:
        NotFound, Forbidden: see `evidence_for`.
        AlreadyWithdrawn: when somebody did it before.
    """
    fact = evidence_for(account, evidence_id)
    act = record_act(
        account=account,
        kind=WITHDRAWAL,
        area=fact.person.home_area,
        ground=ground,
        detail={"evidence": fact.pk, "kind": fact.kind},
        at=at,
    )
    people = services.withdraw(ids=[fact.pk], act=act)
    if not people:
        raise AlreadyWithdrawn
    return request(cause=Cause.EVIDENCE, act=act, people=sorted(people))


@transaction.atomic
def report_evidence(
    *, source: Account, kind: str, lines: Iterable[NumberedLine], at: datetime
) -> Report:
    """Store the lines that are right and say what is wrong with each of the others.

    `kind` is one of `evidence.lines.FORMS`. The number of queries does not depend on the number
    of lines. A line with a reference that was stored before is accepted again and changes nothing.
    """
    read, results = _read(Reader(kind, at=at), lines)
    facts, numbers = _resolve(read, results)
    recorded = services.record(source=source, facts=facts, at=at)
    for position, (number, id_) in enumerate(zip(numbers, recorded.ids, strict=True)):
        results[number] = (
            _refused(number, ReferenceTaken())
            if id_ is None
            else LineResult(number, id=id_, known=position in recorded.known)
        )
    recomputation = None
    if recorded.people:
        recomputation = request(cause=Cause.EVIDENCE, people=sorted(recorded.people)).pk
    return Report(tuple(results[number] for number in sorted(results)), recomputation)


def decide_now(person: Person, at: datetime) -> PersonDecision:
    """Store the colour that follows from what was just recorded; codes of the old one end soon."""
    if recompute_people([person.pk], at=at):
        transaction.on_commit(partial(send, "codes.publish"))
    return decision_of(person.pk, at)


def _read(
    reader: Reader, lines: Iterable[NumberedLine]
) -> tuple[dict[int, Line], dict[int, LineResult]]:
    """The well-formed lines by number, and what is wrong with the others."""
    read: dict[int, Line] = {}
    faults: dict[int, LineResult] = {}
    for line in lines:
        if isinstance(line.value, MalformedLine):
            problem = document(
                "malformed-json",
                _("The request is not well-formed"),
                400,
                _("This line is not a JSON object."),
            )
            faults[line.number] = LineResult(line.number, problem=problem)
            continue
        try:
            read[line.number] = reader.read(line.value)
        except ValidationError as fault:
            faults[line.number] = LineResult(line.number, problem=validation_document(fault))
    return read, faults


def _resolve(
    read: Mapping[int, Line], results: dict[int, LineResult]
) -> tuple[list[services.NewFact], list[int]]:
    """The facts whose person and area exist, with their lines' numbers; faults go to `results`."""
    people = _people(list(read.values()))
    areas = names({line.area for line in read.values() if line.area is not None})
    facts: list[services.NewFact] = []
    numbers: list[int] = []
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
    return facts, numbers


def _people(lines: Sequence[Line]) -> dict[int | Document, int]:
    """The person behind each holder that exists, in one look-up for each way of naming one."""
    people: dict[int | Document, int] = {}
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

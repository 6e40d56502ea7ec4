"""Find the facts that one report of a source, or one act of an officer, recorded."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence, EvidenceKind, SourceBatch
from healthcode.web.errors import NotFound

WITH_DERIVED: Final = """
WITH RECURSIVE falls (id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT fact.id
    FROM falls JOIN evidence_evidence AS fact ON fact.derived_from_id = falls.id
    WHERE fact.withdrawn_by_id IS NULL
)
SELECT count(*) FROM falls
"""


class Recorder(StrEnum):
    """What recorded facts together: words for programs."""

    REPORT = "report"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """A fact that counts: its kind, person and source, and what decides who answers for it."""

    id: int
    kind: EvidenceKind
    person: int
    home: str
    area: str | None
    source: str


@dataclass(frozen=True, slots=True)
class RecordedTogether:
    """The facts of a report or an act that still count.

    `is_confirmed` is true if a source may not have reported them alone: an officer recorded them.
    """

    facts: tuple[RecordedFact, ...]
    is_confirmed: bool


def recorded_by(recorder: Recorder, number: int) -> RecordedTogether:
    """Return the facts that a report or an act recorded and that still count, by number.

    Facts that were derived from them are not among them, unless the act recorded these too. One
    or two queries; the time grows with the facts.

    Raises:
        NotFound: there is no such report, or no such act that recorded facts.
    """
    if recorder is Recorder.REPORT:
        if not SourceBatch.objects.filter(pk=number).exists():
            raise NotFound(_("No report has this number."))
        return RecordedTogether(_counting(Q(batch=number)), is_confirmed=False)
    act = Act.objects.filter(pk=number).first()
    if act is None or not records_facts(act.kind):
        raise NotFound(
            _("No act with this number recorded evidence that can be withdrawn together.")
        )
    return RecordedTogether(_counting(*_of_act(act)), is_confirmed=True)


def records_facts(kind: str) -> bool:
    """Return whether an act of this kind records several facts."""
    return kind in (
        ActKind.CONTACTS_CONFIRMED,
        ActKind.HELD_LINES_CONFIRMED,
        ActKind.DECLARATION_ENTERED,
    )


def with_derived(ids: Collection[int]) -> int:
    """Return how many facts would fall with these, which still count, and these included."""
    with connection.cursor() as cursor:
        cursor.execute(WITH_DERIVED, [list(ids)])
        return int(cursor.fetchone()[0])


def _of_act(act: Act) -> tuple[Q, ...]:
    if act.kind == ActKind.HELD_LINES_CONFIRMED:
        # A line becomes a fact at the instant of its act, and the lines of a report at another.
        return (Q(batch=act.detail["batch"], received_at=act.at),)
    if act.kind == ActKind.DECLARATION_ENTERED:
        return (Q(person=act.detail["person"], detail__act=act.pk),)
    case = act.detail["case"]
    met = Evidence.objects.filter(derived_from=case, kind=EvidenceKind.CONTACT)
    # Two queries, because one with OR would read the whole table.
    return (
        Q(derived_from=case, detail__act=act.pk),
        Q(derived_from__in=met.values("pk"), detail__act=act.pk),
    )


def _counting(*conditions: Q) -> tuple[RecordedFact, ...]:
    members = ("pk", "kind", "person_id", "person__home_area", "area_id", "source__username")
    counting = Evidence.objects.filter(withdrawn_by__isnull=True)
    found = {
        id_: RecordedFact(id_, EvidenceKind(kind), person, home, area, source or "")
        for each in conditions
        for id_, kind, person, home, area, source in counting.filter(each).values_list(*members)
    }
    return tuple(found[id_] for id_ in sorted(found))

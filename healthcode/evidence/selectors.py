"""Reading evidence."""

from dataclasses import dataclass
from datetime import date, datetime

from healthcode.evidence.models import Evidence, EvidenceKind


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that stands (not withdrawn): see `healthcode.evidence.models.Evidence`."""

    id: int
    kind: EvidenceKind
    starts: datetime
    ends: datetime | None
    area: str | None
    traits: tuple[str, ...]
    day: date | None


def facts_of(person_id: int) -> list[Fact]:
    """Everything that stands about a person, oldest first. One query."""
    rows = (
        Evidence.objects.filter(person_id=person_id, withdrawn_by__isnull=True)
        .order_by("starts", "id")
        .values_list("id", "kind", "starts", "ends", "area_id", "traits", "day")
    )
    return [
        Fact(id_, EvidenceKind(kind), starts, ends, area, tuple(traits), day)
        for id_, kind, starts, ends, area, traits, day in rows
    ]


def attested_of(person_id: int) -> list[Evidence]:
    """The facts about a person that certificates attest, withdrawn ones too, newest first."""
    attested = Evidence.objects.filter(person_id=person_id, certificate__isnull=False)
    return list(attested.order_by("-starts", "-id"))

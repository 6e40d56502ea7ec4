"""Read evidence."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from accounts.merging import groups_of
from accounts.models import Account
from healthcode.areas.selectors import full_names
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.responsibility import answers_for
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that was not withdrawn; its members are those of `Evidence`."""

    id: int
    kind: EvidenceKind
    starts: datetime
    ends: datetime | None
    area: str | None
    traits: tuple[str, ...]
    day: date | None


def facts_of(person_id: int) -> list[Fact]:
    """Return all facts about a person that were not withdrawn, oldest first. Two queries.

    Facts of all registrations that an act has merged with this one are there.
    """
    return facts_of_many([person_id])[person_id]


def facts_of_many(people: Collection[int]) -> dict[int, list[Fact]]:
    """Return the same for each of `people`, in two queries; the time grows with their facts."""
    groups = groups_of(people)
    facts: dict[int, list[Fact]] = {person: [] for person in people}
    for registration, fact in _recorded({*people, *groups}):
        for person in groups.get(registration, (registration,)):
            if person in facts:
                facts[person].append(fact)
    return facts


def facts_under(registrations: Collection[int]) -> list[Fact]:
    """Return the facts under exactly these registrations together, as if they were one person's."""
    return [fact for _registration, fact in _recorded(registrations)]


def _recorded(registrations: Collection[int]) -> Iterator[tuple[int, Fact]]:
    rows = (
        Evidence.objects.filter(person_id__in=registrations, withdrawn_by__isnull=True)
        .order_by("starts", "id")
        .values_list("person_id", "id", "kind", "starts", "ends", "area_id", "traits", "day")
    )
    for person, id_, kind, starts, ends, area, traits, day in rows:
        yield person, Fact(id_, EvidenceKind(kind), starts, ends, area, tuple(traits), day)


def attested_of(person_id: int) -> list[Evidence]:
    """Return the facts from a person's EU certificates, withdrawn ones too, newest first."""
    attested = Evidence.objects.filter(person_id=person_id, certificate__isnull=False)
    return list(attested.order_by("-starts", "-id"))


def evidence_for(account: Account, evidence_id: int) -> Evidence:
    """Return one fact, with its area and source, for an officer who answers for it.

    Raises:
        NotFound: there is no such evidence.
        Forbidden: see `answers_for`.
    """
    known = Evidence.objects.select_related("person", "area", "source")
    fact = known.filter(pk=evidence_id).first()
    if fact is None:
        raise NotFound(_("There is no evidence with this number."))
    answers_for(account, fact)
    return fact


def evidence_export(person_id: int) -> list[dict[str, object]]:
    """Return all facts about a person, withdrawn ones too, ready for JSON, for their own export.

    It does not say who reported a fact, or whose contact the person was.
    """
    facts = list(Evidence.objects.filter(person_id=person_id).order_by("starts", "id"))
    known = full_names({fact.area_id for fact in facts if fact.area_id})
    return [
        {
            "id": fact.pk,
            "kind": fact.kind,
            "from": fact.starts.isoformat(),
            "from_at_latest": fact.starts_by and fact.starts_by.isoformat(),
            "to": fact.ends and fact.ends.isoformat(),
            "area": fact.area_id,
            "area_name": fact.area_id and known[fact.area_id],
            "traits": fact.traits,
            "detail": fact.detail,
            "received_at": fact.received_at.isoformat(),
            "withdrawn_by_act": fact.withdrawn_by_id,
        }
        for fact in facts
    ]

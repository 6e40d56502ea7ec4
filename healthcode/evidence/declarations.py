"""Record what residents report about themselves and people they look after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Person
from healthcode.areas.lives import Use, require_valid
from healthcode.evidence.errors import AlreadyCheckedIn
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewEnd, NewFact, close, record
from healthcode.evidence.traits import Trait, traits_of_health
from healthcode.web.days import day_of, end_of_today, start_of_day
from healthcode.web.errors import TooMany

MAX_STAYS: Final = 50
# People who correct a mistake declare a few times. More comes from a program, and each is stored.
DECLARATIONS_A_DAY: Final = 20


@dataclass(frozen=True, slots=True)
class Stay:
    """A declared stay in an area (by code); `ends` is None if the person is still there."""

    area: str
    starts: datetime
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A resident's answers about a person; `symptoms` are values of `Symptom`.

    The temperature is in °C.
    """

    symptoms: tuple[str, ...]
    temperature: Decimal | None
    contact_with_case: bool
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A person's health today; `symptoms` are values of `Symptom`, the temperature is in °C."""

    symptoms: tuple[str, ...]
    temperature: Decimal


def record_declaration(
    *,
    account: Account,
    person: Person,
    declaration: Declaration,
    at: datetime,
    act: int | None = None,
) -> None:
    """Record a declaration as evidence, in the caller's transaction.

    Earlier declarations stay. An earlier stay without an end now ends, unless this declaration
    names the stay again. The reason is that people say where they are, but seldom that they have
    left a place.

    Args:
        act: the number of the act by which an officer entered what the person says.

    Raises:
        UnknownArea: a stay names an area that never existed.
        EndedArea: a stay begins after the code of its area had ended.
        TooMany: the person has already made `DECLARATIONS_A_DAY` declarations today.
    """
    # Lock the person, so that of two declarations at once the second sees the stays of the first.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _refuse_flood(person, at)
    # Nobody chose the code of their home, so a home whose code has ended is accepted. It counts for
    # every successor.
    require_valid(
        Use(stay.area, stay.starts, f"/stays/{number}/area")
        for number, stay in enumerate(declaration.stays)
        if stay.area != person.home_area
    )
    stays = _without_repeated(person, declaration.stays, at)
    facts = [_declared(person, declaration, at), *(_stay(person, stay) for stay in stays)]
    if act is not None:
        facts = [replace(fact, detail={**fact.detail, "act": act}) for fact in facts]
    record(source=account, facts=facts, at=at)


def record_check_in(*, account: Account, person: Person, check_in: CheckIn, at: datetime) -> None:
    """Record today's check-in as evidence, in the caller's transaction.

    Raises:
        AlreadyCheckedIn: anybody has checked in for this person today (Shanghai time).
    """
    traits = traits_of_health(check_in.symptoms, check_in.temperature) or (Trait.HEALTHY,)
    fact = NewFact(
        person=person.pk,
        kind=EvidenceKind.CHECK_IN,
        starts=at,
        ends=at,
        traits=traits,
        detail=_health(check_in.symptoms, check_in.temperature),
        day=day_of(at),
    )
    if record(source=account, facts=[fact], at=at).ids == (None,):
        raise AlreadyCheckedIn


def _refuse_flood(person: Person, at: datetime) -> None:
    today = start_of_day(day_of(at))
    count = Evidence.objects.filter(
        person=person, kind=EvidenceKind.DECLARATION, received_at__gte=today
    ).count()
    if count >= DECLARATIONS_A_DAY:
        raise TooMany(
            _("Too many declarations were made for this person today. Please try again tomorrow."),
            retry_after=int((end_of_today(at) - at).total_seconds()) + 1,
        )


def _without_repeated(person: Person, stays: Sequence[Stay], at: datetime) -> list[Stay]:
    """Return the stays that are new, each once; end open stays that are not repeated."""
    declared = Evidence.objects.filter(
        Q(ends__isnull=True) | Q(starts__in={stay.starts for stay in stays}),
        person=person,
        kind=EvidenceKind.STAY,
        withdrawn_by__isnull=True,
        detail__declared=True,
    ).order_by("-starts")
    known = {Stay(str(fact.area_id), fact.starts, fact.ends) for fact in declared}
    going_on = {fact.area_id: fact for fact in declared if fact.ends is None}
    repeated = {
        stay.area
        for stay in stays
        if stay.ends is None and stay.area in going_on and going_on[stay.area].starts <= stay.starts
    }
    left = {
        fact.pk: NewEnd(max(at, fact.starts))
        for area, fact in going_on.items()
        if area not in repeated
    }
    if left:
        close(ends=left, at=at)
    return [
        stay
        for stay in dict.fromkeys(stays)
        if stay not in known and (stay.ends is not None or stay.area not in repeated)
    ]


def _declared(person: Person, declaration: Declaration, at: datetime) -> NewFact:
    traits = traits_of_health(declaration.symptoms, declaration.temperature)
    if declaration.contact_with_case:
        traits += (Trait.CONTACT_WITH_CASE,)
    return NewFact(
        person=person.pk,
        kind=EvidenceKind.DECLARATION,
        starts=at,
        ends=at,
        traits=traits,
        detail=_health(declaration.symptoms, declaration.temperature),
    )


def _stay(person: Person, stay: Stay) -> NewFact:
    return NewFact(
        person=person.pk,
        kind=EvidenceKind.STAY,
        starts=stay.starts,
        ends=stay.ends,
        area=stay.area,
        detail={"declared": True},
    )


def _health(symptoms: Sequence[str], temperature: Decimal | None) -> dict[str, object]:
    detail: dict[str, object] = {"symptoms": list(symptoms)}
    if temperature is not None:
        detail["temperature"] = str(temperature)
    return detail

"""Invent what is known about the demo's people: where they were lately, and how they felt."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact
from healthcode.evidence.traits import Trait
from healthcode.web.days import SHANGHAI, day_of

WEEKS = timedelta(days=21)

# Out of a hundred people:
_TRAVELLED = 25
_DECLARED = 90
_UNWELL = 2
_CHECKED_IN = 30


def reported(
    people: Sequence[int], homes: Sequence[str], *, at: datetime, random: Random
) -> Iterator[NewFact]:
    """Yield what sources report: everybody's stays, and a few contacts, cases and tests."""
    places = sorted(set(homes))
    for person, home in zip(people, homes, strict=True):
        yield from _stays(person, home, places, at=at, random=random)
    chosen = random.sample(list(people), k=max(20, len(people) // 50))
    for number, person in enumerate(chosen):
        yield _incident(person, number, at=at, random=random)


def declared(people: Sequence[int], *, at: datetime, random: Random) -> Iterator[NewFact]:
    """Yield what most people declared, and the daily check-ins of some of them since then."""
    for person in people:
        if random.randrange(100) >= _DECLARED:
            continue
        days = random.randrange(1, 15)
        unwell = random.randrange(100) < _UNWELL
        moment = at - timedelta(days=days, minutes=random.randrange(600))
        traits = (Trait.SYMPTOMS,) if unwell else ()
        yield NewFact(person, EvidenceKind.DECLARATION, moment, moment, traits=traits)
        if random.randrange(100) < _CHECKED_IN:
            yield from _check_ins(person, days, at=at)


def of_a_traveller(person: int, area: str, *, at: datetime) -> Iterator[NewFact]:
    """Yield three days in `area`, until the day before yesterday, and a declaration on return."""
    back = _midnight(at - timedelta(days=2)) + timedelta(hours=17)
    yield _stay(person, area, back - timedelta(days=3), back)
    yield NewFact(person, EvidenceKind.DECLARATION, back, back)
    yield from _check_ins(person, 2, at=at)


def _stays(
    person: int, home: str, places: Sequence[str], *, at: datetime, random: Random
) -> Iterator[NewFact]:
    """Yield stays: at home all the time, or away for some days in between."""
    begins = _midnight(at - WEEKS)
    if random.randrange(100) < _TRAVELLED:
        away = begins + timedelta(days=random.randrange(1, 16), hours=random.randrange(6, 20))
        back = away + timedelta(days=random.randrange(1, 4), hours=random.randrange(12))
        yield _stay(person, home, begins, away)
        yield _stay(person, random.choice(places), away, back)
        begins = back
    yield _stay(person, home, begins, None)


def _stay(person: int, area: str, starts: datetime, ends: datetime | None) -> NewFact:
    reference = f"{person}-{starts:%Y%m%d%H}"
    return NewFact(person, EvidenceKind.STAY, starts, ends, area=area, reference=reference)


def _incident(person: int, number: int, *, at: datetime, random: Random) -> NewFact:
    """Return a case, a contact or a test, in turn."""
    moment = _midnight(at - timedelta(days=random.randrange(2, 12))) + timedelta(hours=9)
    kind, traits, lasts = (
        (EvidenceKind.CASE, (Trait.CONFIRMED,), None),
        (EvidenceKind.CONTACT, (Trait.CLOSE,), timedelta(hours=2)),
        (EvidenceKind.CONTACT, (Trait.SECONDARY,), timedelta(hours=2)),
        (EvidenceKind.TEST, (Trait.NEGATIVE,), timedelta()),
        (EvidenceKind.TEST, (Trait.NEGATIVE,), timedelta()),
    )[number % 5]
    ends = None if lasts is None else moment + lasts
    return NewFact(person, kind, moment, ends, traits=traits, reference=f"{kind}-{person}")


def _check_ins(person: int, days: int, *, at: datetime) -> Iterator[NewFact]:
    for back in range(days - 1, 0, -1):
        moment = _midnight(at - timedelta(days=back)) + timedelta(hours=8)
        day = day_of(moment)
        traits = (Trait.HEALTHY,)
        yield NewFact(person, EvidenceKind.CHECK_IN, moment, moment, traits=traits, day=day)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)

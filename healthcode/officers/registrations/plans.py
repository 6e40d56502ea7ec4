"""The acts by which registrations of one person are merged and separated.

docs/decisions/0056-two-documents-one-person.md gives the reasons.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.merging import registrations_of, take_out, unite
from accounts.models import Account, Person
from healthcode.acts.effects import NO_EFFECT, ByColour, Effect
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import record_planned
from healthcode.colours.decide_many import keep_writers_out
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import PersonColour
from healthcode.colours.one_person import decide_again
from healthcode.colours.policy import policy_at
from healthcode.colours.selectors import decide_on
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.responsibility import answers_for_person
from healthcode.evidence.selectors import facts_under
from healthcode.officers.registrations.errors import AlreadyMerged, NotMerged
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class RegistrationsChanged:
    """The act that merged or separated registrations, with the numbers of all people concerned."""

    act: Act
    people: Sequence[int]


@dataclass(frozen=True, slots=True)
class MergingPlan(ActPlan[RegistrationsChanged]):
    """Two people, by number, who are one person; both may be merged with others already."""

    kind = ActKind.REGISTRATIONS_MERGED
    person: int
    other: int

    def authorise(self, account: Account) -> None:
        """Refuse an account that does not answer for all registrations concerned."""
        together = {*registrations_of(self.person), *registrations_of(self.other)}
        area_of(account, sorted(together))

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody else merges, separates, erases or recolours from here on.

        Raises:
            AlreadyMerged: both belong to one person already, or are the same.
        """
        _lock({self.person, self.other})
        own, others = registrations_of(self.person), registrations_of(self.other)
        if own == others:
            raise AlreadyMerged
        return _foreseen(account, [(*own, *others)], self.person, self.other, at)

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> RegistrationsChanged:
        """Merge them, and store the colour of everything known together under each of them."""
        act = record_planned(
            plan=self, signed=signed, foreseen=foreseen, detail=foreseen.facts, at=at
        )
        unite([self.person, self.other], act.pk)
        decide_again(self.person, at=at)
        return RegistrationsChanged(act, foreseen.facts["registrations"])


@dataclass(frozen=True, slots=True)
class SeparationPlan(ActPlan[RegistrationsChanged]):
    """A registration, by number, that is not of the same person as those it is merged with."""

    kind = ActKind.REGISTRATIONS_SEPARATED
    person: int

    def authorise(self, account: Account) -> None:
        """Refuse an account that does not answer for all registrations concerned."""
        area_of(account, registrations_of(self.person))

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody else merges, separates, erases or recolours from here on.

        Raises:
            NotMerged: it is merged with none.
        """
        _lock({self.person})
        others = self._others()
        if not others:
            raise NotMerged
        return _foreseen(account, [(self.person,), others], self.person, others[0], at)

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> RegistrationsChanged:
        """Separate it; each side gets the colour of what is known about it alone."""
        act = record_planned(
            plan=self, signed=signed, foreseen=foreseen, detail=foreseen.facts, at=at
        )
        first, *_rest = self._others()
        take_out(self.person)
        for person in sorted({self.person, first}):
            decide_again(person, at=at)
        return RegistrationsChanged(act, foreseen.facts["registrations"])

    def _others(self) -> tuple[int, ...]:
        return tuple(one for one in registrations_of(self.person) if one != self.person)


def area_of(account: Account, people: Sequence[int]) -> str:
    """Return the area by which the officer answers for these registrations, the first one's.

    Of a person who waits, the home is only the area of a source, so it does not count.

    Raises:
        NotFound: none of them is registered.
        Forbidden, OutsideYourArea: the officer does not answer for one of them.
    """
    homes = _homes(people)
    if not homes:
        raise NotFound(_("Nobody who lives in your area is registered under this number."))
    areas = [answers_for_person(account, home) for home in homes]
    return areas[0]


def _homes(people: Sequence[int]) -> list[str]:
    registered = Person.objects.filter(pk__in=people, is_waiting=False).order_by("pk")
    return list(registered.values_list("home_area", flat=True))


def _lock(people: set[int]) -> None:
    """Lock these people, and then keep writers of colours out, in the order of an erasure.

    Raises:
        NotFound: one of them was erased meanwhile.
    """
    rows = Person.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
    if len(rows) < len(people):
        raise NotFound(_("There is no such person."))
    keep_writers_out()


def _foreseen(
    account: Account, sides: Sequence[tuple[int, ...]], person: int, other: int, at: datetime
) -> Foreseen:
    """Return what it does to let each of `sides` be the registrations of one person."""
    people = sorted(number for side in sides for number in side)
    area = area_of(account, people)
    effect, hides_a_case = _effect(sides, people, at)
    return Foreseen(
        area=area,
        effect=effect,
        facts={"person": person, "other": other, "registrations": people},
        touched=tuple({*_homes(people)} - {area}),
        about=EvidenceKind.CASE.value if hides_a_case else "",
    )


def _effect(
    sides: Sequence[tuple[int, ...]], people: Sequence[int], at: datetime
) -> tuple[Effect, bool]:
    """Return the effect on the code of each registration, and whether a case stops to count.

    Before the first policy nobody has a colour.
    """
    facts = [facts_under(side) for side in sides]
    try:
        policy = policy_at(at)
    except NoPolicy:
        return NO_EFFECT, False
    then = {
        number: decide_on(known, policy, at).colour
        for side, known in zip(sides, facts, strict=True)
        for number in side
    }
    stored = dict(PersonColour.objects.filter(pk__in=people).values_list("pk", "colour"))
    now = {number: Colour(stored.get(number, Colour.GREEN)) for number in people}
    has_case = any(fact.kind is EvidenceKind.CASE for known in facts for fact in known)
    is_milder = any(then[number] < now[number] for number in people)
    return _counted(now, then), has_case and is_milder


def _counted(now: Mapping[int, Colour], then: Mapping[int, Colour]) -> Effect:
    homes = dict(Person.objects.filter(pk__in=now).values_list("pk", "home_area"))
    changed = [number for number in now if now[number] is not then[number]]
    return Effect(
        before=_by_colour(now),
        after=_by_colour(then),
        worse=sum(then[number] > now[number] for number in now),
        homes=Counter(homes[number][:6] for number in changed),
    )


def _by_colour(colours: Mapping[int, Colour]) -> ByColour:
    counted = Counter(colours.values())
    return counted[Colour.GREEN], counted[Colour.YELLOW], counted[Colour.RED]

"""What a source may report, and how many people it may make red in a day without an officer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.authority import areas_of, covers, province
from accounts.homes import homes_of
from accounts.in_force import in_force
from accounts.models import Account, Role
from healthcode.acts.alarm_models import AlarmBy
from healthcode.acts.services import one_act_at_a_time
from healthcode.areas.successors import successors_of
from healthcode.colours.alarms import is_unusual, note_reddened, raise_alarm, reddened_by
from healthcode.colours.policy import safeguards_at
from healthcode.colours.reddening import may_redden
from healthcode.colours.safeguards import SHIPPED, AlarmFigures
from healthcode.evidence.held import held_before, is_waiting
from healthcode.evidence.models import Evidence, EvidenceKind, HeldWhy, ReportKind, SourceGrant
from healthcode.evidence.services import NewFact
from healthcode.sources.errors import OutsideYourGrant
from healthcode.web.days import day_of, start_of_day


def reddening_lines_a_day(at: datetime) -> int:
    """Return how many people a source makes red in a day, if its grant says no other number."""
    return (safeguards_at(at) or SHIPPED).sources.reddening_lines_a_day


def admit(
    *, source: Account, kind: str, facts: Sequence[NewFact], at: datetime
) -> Mapping[int, HeldWhy]:
    """Return which facts of a report must wait for an officer, by position, and why.

    A fact waits if no grant of the source covers its kind, and its place or the home of its person.
    It also waits if a rule gives red to such facts, and the budget of the grant is used up today
    (Asia/Shanghai), or the source would raise the alarm. A person uses one of the budget a day,
    however many lines are about them, and whatever colour they have. Otherwise the answer would
    tell the source who is red. The facts of two reports are counted one after the other.
    """
    grants = _grants_of(source, kind, at)
    if not grants:
        return dict.fromkeys(range(len(facts)), HeldWhy.KIND)
    covering = _cover(grants, facts, at)
    held = {n: HeldWhy.AREA for n, grant in enumerate(covering) if grant is None}
    within = {n: grant for n, grant in enumerate(covering) if grant is not None}
    red = set(may_redden(facts, at=at)) - held.keys()
    if red:
        again = _held_before(source, facts, red)
        held |= dict.fromkeys(again, HeldWhy.BUDGET)
        held |= _beyond(source, facts, {n: within[n] for n in sorted(red - again)}, at)
    return held


def require_presences(source: Account, areas: Collection[str], *, at: datetime) -> None:
    """Refuse presences that no grant of the source covers.

    They give nobody a colour until an officer confirms a chain of contacts, so none is held.

    Args:
        areas: the areas of the places, short form.

    Raises:
        OutsideYourGrant: no grant names presences, or an area is in none of its areas.
    """
    grants = _grants_of(source, ReportKind.PRESENCES, at)
    if not grants or not all(_first(grants, (area,)) for area in areas):
        raise OutsideYourGrant


def area_of(source: Account, kind: str, *, at: datetime) -> str:
    """Return where people are taken to live whom the source reports and nobody has registered.

    It is the area of a grant for this kind, or else of the source's role, or else the province. So
    the source's grant covers them as it covers people of that area.
    """
    granted = [grant.grant.area for grant in _grants_of(source, kind, at)]
    return next(filter(None, [*granted, *areas_of(source, Role.SOURCE)]), province())


def _grants_of(source: Account, kind: str, at: datetime) -> list[SourceGrant]:
    """Return the source's grants for this kind with their areas, the largest budget first."""
    known = SourceGrant.objects.filter(
        in_force(at, "grant__"),
        grant__account=source,
        grant__role=Role.SOURCE,
        kinds__contains=[kind],
    )
    grants = list(known.select_related("grant").order_by("pk"))
    if len(grants) < 2:
        return grants
    usual = reddening_lines_a_day(at)
    return sorted(grants, key=lambda grant: -_budget(grant, usual))


def _held_before(source: Account, facts: Sequence[NewFact], red: set[int]) -> set[int]:
    """Return the positions of facts that were held when the source sent them before."""
    order = sorted(red)
    again = held_before(source=source, facts=[facts[n] for n in order])
    return {order[position] for position in again}


def _cover(
    grants: Sequence[SourceGrant], facts: Sequence[NewFact], at: datetime
) -> list[SourceGrant | None]:
    """Return the grant that covers the place of each fact, or a home of its person."""
    if len(grants) == 1 and not grants[0].grant.area:
        return [grants[0]] * len(facts)
    homes = homes_of({fact.person for fact in facts}, at=at)
    found: dict[tuple[str | None, ...], SourceGrant | None] = {}
    covering = []
    for fact in facts:
        where = (*homes.get(fact.person, ()), fact.area)
        if where not in found:
            found[where] = _first(grants, where)
        covering.append(found[where])
    return covering


def _first(grants: Sequence[SourceGrant], where: tuple[str | None, ...]) -> SourceGrant | None:
    codes = {successor for code in where if code for successor in (code, *successors_of(code))}
    return next((g for g in grants if any(covers(g.grant.area, code) for code in codes)), None)


@dataclass(slots=True)
class _Allowance:
    """What a source may still report today and within the hour; it is used up line by line.

    `reddened` counts the people of the last hour about whom it said what may make them red, and
    `counted` are those of today.
    """

    figures: AlarmFigures
    usual: int
    at: datetime
    grants: Mapping[int, SourceGrant]
    counted: set[int]
    reddened: int
    unusual: dict[str, bool] = field(default_factory=dict)

    def use(self, grant: SourceGrant | None, person: int) -> HeldWhy | None:
        """Count a line about a person; return why it must wait, if it must."""
        if person in self.counted:
            return None
        if grant is None:  # taken away since it was read
            return HeldWhy.BUDGET
        spent = grant.spent if grant.spent_on == day_of(self.at) else 0
        if spent >= _budget(grant, self.usual):
            return HeldWhy.BUDGET
        if self._is_unusual(grant.grant.area):
            return HeldWhy.ALARM
        grant.spent_on, grant.spent = day_of(self.at), spent + 1
        self.reddened += 1
        self.counted.add(person)
        return None

    def _is_unusual(self, area: str) -> bool:
        """Return whether one more person would raise the alarm. It stays so within a report."""
        if not self.unusual.get(area):
            self.unusual[area] = is_unusual(
                self.figures, reddened=self.reddened + 1, area=area, at=self.at
            )
        return self.unusual[area]


def _beyond(
    source: Account, facts: Sequence[NewFact], by: Mapping[int, SourceGrant], at: datetime
) -> dict[int, HeldWhy]:
    """Return the positions that exceed the budget of the grant in `by`, or raise the alarm.

    Use up what the rest need. The account of the source stays locked until the transaction ends.
    """
    one_act_at_a_time(account=source)
    allowance = _allowance(source, [facts[n] for n in by], by, at)
    before, stored = allowance.reddened, _stored(source, [facts[n] for n in by])
    over: dict[int, HeldWhy] = {}
    for n, grant in by.items():
        if (facts[n].kind, facts[n].reference) not in stored:
            why = allowance.use(allowance.grants.get(grant.pk), facts[n].person)
            over |= {n: why} if why else {}
    for grant in allowance.grants.values():
        grant.save(update_fields=["spent_on", "spent"])
    note_reddened(AlarmBy.SOURCE, {source.pk: allowance.reddened - before}, at=at)
    alarming = [n for n, why in over.items() if why is HeldWhy.ALARM]
    if alarming:
        more = len({facts[n].person for n in alarming})
        _raise_alarm(source, by[alarming[0]].grant.area, allowance, more)
    # A line with the reference of one that is held would otherwise take its place uncounted.
    references = {facts[n].reference: why for n, why in over.items() if facts[n].reference}
    return {
        n: references[facts[n].reference] for n in by if facts[n].reference in references
    } | over


def _allowance(
    source: Account, facts: Sequence[NewFact], by: Mapping[int, SourceGrant], at: datetime
) -> _Allowance:
    safeguards = safeguards_at(at) or SHIPPED
    rows = SourceGrant.objects.select_related("grant").filter(pk__in={g.pk for g in by.values()})
    since = at - timedelta(minutes=safeguards.alarm.minutes)
    return _Allowance(
        figures=safeguards.alarm,
        usual=safeguards.sources.reddening_lines_a_day,
        at=at,
        grants={grant.pk: grant for grant in rows},
        counted=_counted_today(source, {fact.person for fact in facts}, at),
        reddened=reddened_by(AlarmBy.SOURCE, source.pk, since=since),
    )


def _counted_today(source: Account, people: Collection[int], at: datetime) -> set[int]:
    """Return those of whom the source has said today what may make them red."""
    said = Evidence.objects.filter(
        source=source, person__in=people, received_at__gte=start_of_day(day_of(at))
    )
    known = [
        NewFact(
            fact.person_id,
            EvidenceKind(fact.kind),
            fact.starts,
            fact.ends,
            area=fact.area_id,
            traits=tuple(fact.traits),
        )
        for fact in said
    ]
    return {known[n].person for n in may_redden(known, at=at)}


def _stored(source: Account, facts: Sequence[NewFact]) -> set[tuple[str, str | None]]:
    """Return kinds and references of facts that are stored, so that no line becomes a new one."""
    references = {fact.reference for fact in facts} - {None}
    if not references:
        return set()
    stored = Evidence.objects.filter(source=source, reference__in=references)
    return set(stored.values_list("kind", "reference"))


def _raise_alarm(source: Account, area: str, allowance: _Allowance, more: int) -> None:
    """Raise an alarm, unless lines of the source wait already because of one."""
    if is_waiting(source.pk, HeldWhy.ALARM):
        return
    raise_alarm(
        by=AlarmBy.SOURCE,
        number=source.pk,
        area=area,
        people=allowance.reddened + more,
        at=allowance.at,
    )


def _budget(grant: SourceGrant, usual: int) -> int:
    return usual if grant.reddening_lines_a_day is None else grant.reddening_lines_a_day

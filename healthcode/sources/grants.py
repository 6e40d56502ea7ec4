"""What a source may report, and how many people it may make red in a day without an officer."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from accounts.authority import covers
from accounts.models import Account, Person, Role
from healthcode.areas.successors import successors_of
from healthcode.colours.errors import NoPolicy
from healthcode.colours.policy import policy_at
from healthcode.colours.reddening import may_redden, reddening
from healthcode.colours.safeguards import SHIPPED
from healthcode.evidence.held import held_before
from healthcode.evidence.models import HeldWhy, ReportKind, SourceGrant
from healthcode.evidence.services import NewFact, record
from healthcode.sources.errors import OutsideYourGrant
from healthcode.web.days import day_of


def reddening_lines_a_day(at: datetime) -> int:
    """Return how many people a source makes red in a day, if its grant says no other number."""
    try:
        return policy_at(at).safeguards.sources.reddening_lines_a_day
    except NoPolicy:
        return SHIPPED.sources.reddening_lines_a_day


def admit(
    *, source: Account, kind: str, facts: Sequence[NewFact], at: datetime
) -> Mapping[int, HeldWhy]:
    """Return which facts of a report must wait for an officer, by position, and why.

    A fact waits if no grant of the source covers its kind, and its place or the home of its person.
    It also waits if it makes somebody red and the budget of the grant is used up today (Asia/
    Shanghai). A person uses one of the budget, however many lines of the report are about them. The
    facts of two reports are counted one after the other.
    """
    grants = _grants_of(source, kind, at)
    if not grants:
        return dict.fromkeys(range(len(facts)), HeldWhy.KIND)
    covering = _cover(grants, facts)
    held = {n: HeldWhy.AREA for n, grant in enumerate(covering) if grant is None}
    within = {n: grant for n, grant in enumerate(covering) if grant is not None}
    red = set(may_redden(facts, at=at)) - held.keys()
    if red:
        again = _held_before(source, facts, red)
        over = _beyond_budget(source, facts, {n: within[n] for n in sorted(red - again)}, at)
        held |= dict.fromkeys(again | over, HeldWhy.BUDGET)
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
    if not grants or not all(_first(grants, (area, None)) for area in areas):
        raise OutsideYourGrant


def _grants_of(source: Account, kind: str, at: datetime) -> list[SourceGrant]:
    """Return the source's grants for this kind with their areas, the largest budget first."""
    known = SourceGrant.objects.filter(
        grant__account=source, grant__role=Role.SOURCE, kinds__contains=[kind]
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


def _cover(grants: Sequence[SourceGrant], facts: Sequence[NewFact]) -> list[SourceGrant | None]:
    """Return the grant that covers the place of each fact, or the home of its person."""
    if len(grants) == 1 and not grants[0].grant.area:
        return [grants[0]] * len(facts)
    people = Person.objects.filter(pk__in={fact.person for fact in facts})
    homes = dict(people.values_list("pk", "home_area"))
    found: dict[tuple[str | None, str | None], SourceGrant | None] = {}
    covering = []
    for fact in facts:
        where = homes.get(fact.person), fact.area
        if where not in found:
            found[where] = _first(grants, where)
        covering.append(found[where])
    return covering


def _first(
    grants: Sequence[SourceGrant], where: tuple[str | None, str | None]
) -> SourceGrant | None:
    codes = {successor for code in where if code for successor in (code, *successors_of(code))}
    return next((g for g in grants if any(covers(g.grant.area, code) for code in codes)), None)


def _beyond_budget(
    source: Account, facts: Sequence[NewFact], by: Mapping[int, SourceGrant], at: datetime
) -> set[int]:
    """Return the positions that exceed the budget of the grant in `by`; use up what the rest need.

    The rows of the grants stay locked until the transaction ends.
    """
    usual = reddening_lines_a_day(at)
    rows = SourceGrant.objects.select_for_update().filter(pk__in={g.pk for g in by.values()})
    locked = {grant.pk: grant for grant in rows.order_by("pk")}
    order = list(by)
    found = reddening(
        [facts[n] for n in order],
        lambda those: record(source=source, facts=those, at=at),
        at=at,
    )
    today = day_of(at)
    over: set[int] = set()
    counted: set[int] = set()
    for n in sorted(order[position] for position in found):
        person = facts[n].person
        if person not in counted and not _use(locked.get(by[n].pk), usual, today):
            over.add(n)
        else:
            counted.add(person)
    for grant in locked.values():
        grant.save(update_fields=["spent_on", "spent"])
    # A line with the reference of one that is held would otherwise take its place uncounted.
    references = {facts[n].reference for n in over} - {None}
    return over | {n for n in order if facts[n].reference in references}


def _use(grant: SourceGrant | None, usual: int, today: date) -> bool:
    """Use one of the grant's budget of the day; return whether there was one left."""
    if grant is None:  # taken away since it was read
        return False
    if grant.spent_on is None or grant.spent_on < today:
        grant.spent_on, grant.spent = today, 0
    if grant.spent >= _budget(grant, usual):
        return False
    grant.spent += 1
    return True


def _budget(grant: SourceGrant, usual: int) -> int:
    return usual if grant.reddening_lines_a_day is None else grant.reddening_lines_a_day

"""Inquiries: an officer opens one on a case, checks the chain of contacts, and confirms it.

Confirming records the contacts as evidence.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.errors import invalid
from accounts.models import Account, Role
from healthcode.acts.alarm_models import AlarmBy
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import LONGEST_HIDDEN, Onlooker, record_looks
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, AtVenue, Foreseen, Signed
from healthcode.acts.services import record_act, record_planned
from healthcode.colours.alarms import note_reddened
from healthcode.colours.decide_many import Comparison, evaluate, turning_red
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.colours.two_persons import do_or_propose
from healthcode.colours.wake import send
from healthcode.evidence import services as evidence
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.responsibility import answers_for
from healthcode.evidence.selectors import evidence_for
from healthcode.evidence.services import NewFact
from healthcode.evidence.traits import Trait
from healthcode.tracing.errors import AlreadyConfirmed, ChainChanged, NotACase, NotPlacedYet
from healthcode.tracing.kinds import SOME_PLACE, UNNAMED, VEHICLES, VENUES, Strength
from healthcode.tracing.models import Inquiry, Place
from healthcode.tracing.selectors import chain_of, inquiry_for
from healthcode.tracing.trace import Chain, Encounter

SOURCE: Final = "tracing"
"""The account that stands as the source of contacts, whichever officer confirms them."""

USUAL_WINDOW: Final = timedelta(days=14)
LONGEST_WINDOW: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Preview:
    """What confirming would do: the chain, and the colours of its people before and after.

    `fingerprint` is a hash of exactly this chain and these numbers. `reddened` are the people who
    would turn red.
    """

    chain: Chain
    people: Comparison
    fingerprint: str
    reddened: frozenset[int]


@transaction.atomic
def open_inquiry(
    *,
    account: Account,
    evidence_id: int,
    infectious_from: datetime | None,
    infectious_until: datetime | None,
    ground: Ground,
    at: datetime,
) -> Inquiry:
    """Open an officer's search for the contacts of a case (an inquiry).

    A worker then finds the people who were scanned at the same places and times as the infected
    person. The service also records who opened the inquiry and why (an act).

    The infectious window is the period in which the case could infect others. If it is not given,
    it begins 14 days before the case was confirmed and ends with the confirmation. If only the day
    of the confirmation is known, the window includes that whole day.

    If there is an inquiry of the same case and window that nobody has confirmed yet, it is returned
    instead, whoever opened it, because the chain would be the same. `_is_same` compares windows. A
    confirmed inquiry is no reason not to search again.

    Raises:
        NotFound, Forbidden: see `evidence_for`.
        NotACase: the evidence is not a case, was withdrawn, or is only a suspected case.
        InvalidInput: the window ends before it begins or is longer than 28 days.
    """
    case = evidence_for(account, evidence_id)
    if not _is_case(case):
        raise NotACase
    until = infectious_until or min(case.starts_by or case.starts, at)
    since = infectious_from or (infectious_until or case.starts) - USUAL_WINDOW
    _check(since, until, at)
    # Two officers who open it at the same time wait for each other here.
    evidence.lock([case.pk])
    for known in Inquiry.objects.filter(case=case, confirmed_by__isnull=True).order_by("pk"):
        if _is_same(known, since, until, may_grow=infectious_until is None and until == at):
            return known
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.TRACING_OPENED,
        area=answers_for(account, case),
        ground=ground,
        detail={"case": case.pk, "from": since.isoformat(), "until": until.isoformat()},
        at=at,
    )
    inquiry = Inquiry.objects.create(
        case=case, infectious_from=since, infectious_until=until, opened_by=act, opened_at=at
    )
    transaction.on_commit(partial(send, "tracing.place", inquiry_id=inquiry.pk))
    return inquiry


def _is_same(known: Inquiry, since: datetime, until: datetime, *, may_grow: bool) -> bool:
    """Return whether an inquiry has this window.

    Args:
        may_grow: nobody gave an end, and the day of the confirmation is not over, so the window
            ends now. It is the same as a window that ended when its inquiry was opened.
    """
    if known.infectious_from != since:
        return False
    return known.infectious_until == until or (
        may_grow and known.infectious_until == known.opened_at
    )


def preview(inquiry: Inquiry, *, at: datetime) -> Preview:
    """Return what confirming the inquiry now would do.

    It records the contacts, counts the colours, and rolls everything back.

    Raises:
        NoPolicy: no policy is in force.
    """
    chain = chain_of(inquiry)
    with transaction.atomic():
        _record(inquiry, chain, at=at)
        people = evaluate(sorted(chain.people), at=at)
        reddened = turning_red(sorted(chain.people), at=at)
        transaction.set_rollback(True)
    return Preview(chain, people, _fingerprint(chain, people), reddened)


@transaction.atomic
def show(*, account: Account, inquiry: Inquiry, at: datetime) -> Preview:
    """Return `preview` for an officer to see. The people of the chain see that an officer looked.

    Until the inquiry is confirmed they do not see it, for at most 14 days after it was opened.

    Raises:
        Forbidden: see `answers_for`.
        NoPolicy: no policy is in force.
        TooMany: the officer has looked at people's data too often today.
    """
    shown = preview(inquiry, at=at)
    until = inquiry.opened_at + LONGEST_HIDDEN
    # The acts of version 1.0.0 have no kind of ground.
    kind = GroundKind(inquiry.opened_by.ground_kind or GroundKind.INVESTIGATION)
    ground = Ground(kind, f"Inquiry number {inquiry.pk}")
    record_looks(
        by=Onlooker(account, Role.OFFICER, answers_for(account, inquiry.case), ground),
        people=shown.chain.people | {inquiry.case.person_id},
        what=LookKind.CONTACTS,
        at=at,
        hidden_until=until if inquiry.confirmed_by_id is None and until > at else None,
    )
    return shown


@dataclass(frozen=True, slots=True)
class ContactsPlan(ActPlan[Recomputation]):
    """The contacts that an inquiry found, exactly as the preview with this fingerprint has them."""

    kind = ActKind.CONTACTS_CONFIRMED
    inquiry: int
    fingerprint: str

    def authorise(self, account: Account) -> None:
        """See `inquiry_for`."""
        inquiry_for(account, self.inquiry)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody may change the inquiry or withdraw the case from here on."""
        self.authorise(account)
        inquiry, case = _locked(self.inquiry)
        _check(inquiry.infectious_from, inquiry.infectious_until, at)
        if not _is_case(case):
            raise NotACase
        if inquiry.confirmed_by_id is not None:
            raise AlreadyConfirmed
        if inquiry.placed_at is None:
            raise NotPlacedYet
        shown = preview(inquiry, at=at)
        if shown.fingerprint != self.fingerprint:
            raise ChainChanged
        return Foreseen(
            area=answers_for(account, case),
            effect=shown.people.effect,
            facts={"inquiry": inquiry.pk, "case": case.pk, "people": len(shown.chain.people)},
            venues=_venues(shown),
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> Recomputation:
        """Record the contacts as evidence, and ask for the recomputation of these people."""
        inquiry, _case = _locked(self.inquiry)
        act = record_planned(
            plan=self, signed=signed, foreseen=foreseen, detail=foreseen.facts, at=at
        )
        inquiry.confirmed_by = act
        inquiry.save(update_fields=["confirmed_by"])
        reddened = {venue.place: venue.people for venue in foreseen.venues}
        note_reddened(AlarmBy.VENUE, reddened, at=at)
        people = _record(inquiry, chain_of(inquiry), at=at)
        return request(cause=Cause.EVIDENCE, act=act, people=people)


def confirm(
    *, account: Account, inquiry_id: int, ground: Ground, fingerprint: str, at: datetime
) -> Recomputation | Proposal:
    """Record as evidence the contacts that an inquiry found, exactly as the officer saw them.

    The service also records who confirmed the contacts and why (an act). If this needs a second
    person, nothing is recorded yet, and the proposal is returned.

    Raises:
        NotFound, Forbidden: see `inquiry_for`.
        NotACase: the case was withdrawn meanwhile.
        NotPlacedYet: a worker has not finished the search yet.
        AlreadyConfirmed: this inquiry was confirmed before.
        ChainChanged: the contacts, or the counts of people by colour, have changed since the
            officer saw the preview with this `fingerprint`.
        NoPolicy: no policy is in force.
    """
    plan = ContactsPlan(inquiry_id, fingerprint)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


def _locked(inquiry_id: int) -> tuple[Inquiry, Evidence]:
    """Return an inquiry and its case, both locked.

    A withdrawal of the case locks this row too. Either it waits, and then finds and withdraws the
    contacts, or it came first, and the caller sees it.
    """
    inquiry = Inquiry.objects.select_for_update().get(pk=inquiry_id)
    evidence.lock([inquiry.case_id])
    return inquiry, Evidence.objects.get(pk=inquiry.case_id)


def _venues(shown: Preview) -> tuple[AtVenue, ...]:
    """Return where the people met somebody who would turn red, the most people first.

    Homes and meetings are left out: people do not come together there by chance. The rows of the
    places stay locked, so that two inquiries do not both count without the other.
    """
    chain = shown.chain
    met = (*chain.contacts, *(second.encounter for second in chain.secondary))
    people: defaultdict[int, set[int]] = defaultdict(set)
    for one in met:
        if one.person in shown.reddened and one.kind in (*VENUES, *VEHICLES):
            people[one.place].add(one.person)
    places = Place.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
    found = [AtVenue(place.pk, place.area, len(people[place.pk])) for place in places]
    return tuple(sorted(found, key=lambda venue: -venue.people))


def _fingerprint(chain: Chain, people: Comparison) -> str:
    numbers = [
        people.people,
        people.changed,
        sorted(people.now.items()),
        sorted(people.then.items()),
    ]
    return hashlib.sha256(repr((chain, numbers)).encode()).hexdigest()[:32]


def _is_case(fact: Evidence) -> bool:
    known = {Trait.CONFIRMED, Trait.ASYMPTOMATIC}
    is_case = fact.kind == EvidenceKind.CASE and not known.isdisjoint(fact.traits)
    return is_case and fact.withdrawn_by_id is None


def _check(since: datetime, until: datetime, at: datetime) -> None:
    if since >= until:
        raise invalid("/infectious_until", _("The end must be later than the start."))
    if until - since > LONGEST_WINDOW:
        raise invalid(
            "/infectious_from", _("Trace at most 28 days back, because older scans are not kept.")
        )
    if until > at:
        raise invalid("/infectious_until", _("This date is in the future."))


def _record(inquiry: Inquiry, chain: Chain, *, at: datetime) -> frozenset[int]:
    """Store the chain as evidence and return the people about whom something is new.

    A contact is derived from the case. A secondary contact is derived from the contact. If an
    officer has withdrawn a contact, it stays withdrawn, and nothing is derived from it.
    """
    source, _made = Account.objects.get_or_create(username=SOURCE)
    contacts = [_fact(inquiry, met, inquiry.case_id) for met in chain.contacts]
    first = evidence.record(source=source, facts=contacts, at=at)
    parents = _not_withdrawn(
        {
            met.person: id_
            for met, id_ in zip(chain.contacts, first.ids, strict=True)
            if met.strength is Strength.CLOSE and id_ is not None
        }
    )
    others = [
        _fact(inquiry, second.encounter, parents[second.of], Strength.SECONDARY)
        for second in chain.secondary
        if second.of in parents
    ]
    return first.people | evidence.record(source=source, facts=others, at=at).people


def _not_withdrawn(parents: dict[int, int]) -> dict[int, int]:
    """Drop withdrawn evidence from {person: evidence}; lock the rest so that it stays valid."""
    evidence.lock(parents.values())
    rows = Evidence.objects.filter(pk__in=parents.values(), withdrawn_by__isnull=True)
    valid = set(rows.values_list("pk", flat=True))
    return {person: id_ for person, id_ in parents.items() if id_ in valid}


def _fact(
    inquiry: Inquiry, met: Encounter, derived_from: int, strength: Strength | None = None
) -> NewFact:
    strength = strength or met.strength
    named = {"zh": met.name, "en": met.name} if met.name else None
    unnamed = UNNAMED.get(met.kind, SOME_PLACE)
    ends = f"{int(met.ends.timestamp())}-{int(met.starts.timestamp())}"
    return NewFact(
        person=met.person,
        kind=EvidenceKind.CONTACT,
        starts=met.starts,
        ends=met.ends,
        traits=(strength.value,),
        detail={
            "inquiry": inquiry.pk,
            "act": inquiry.confirmed_by_id,
            "place": named or unnamed,
            "kind": met.kind.value,
            "times": met.times,
        },
        reference=f"{derived_from}-{met.person}-{strength.value}-{ends}",
        derived_from=derived_from,
    )

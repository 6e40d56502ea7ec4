"""Withdraw everything that one report of a source, or one act of an officer, recorded."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.authority import areas_of, require
from accounts.errors import OutsideYourArea
from accounts.models import Account, Role
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import record_planned
from healthcode.colours.decide_many import foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.colours.two_persons import do_or_propose
from healthcode.evidence import services
from healthcode.evidence.errors import NothingCounts
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.responsibility import is_answered_by
from healthcode.evidence.together import RecordedFact, Recorder, recorded_by, with_derived


@dataclass(frozen=True, slots=True)
class Chosen:
    """The facts that a plan withdraws.

    Attributes:
        others: how many facts of the same report or act stay, because others answer for them.
        is_confirmed: an officer recorded them; see `RecordedTogether`.
    """

    facts: Sequence[RecordedFact]
    others: int
    is_confirmed: bool

    @property
    def ids(self) -> list[int]:
        return [fact.id for fact in self.facts]


@dataclass(frozen=True, slots=True)
class TogetherPlan(ActPlan[Recomputation]):
    """The withdrawal of all facts of a report or an act for which officers of `areas` answer.

    Withdrawing a case needs a second person, because whoever hides a case endangers others. This
    holds for the cases that a source reported itself. What an officer recorded beyond that, one
    officer can take back (docs/decisions/0047-one-act-undoes-another.md).
    """

    kind = ActKind.FACTS_WITHDRAWN
    recorder: Recorder
    number: int
    areas: tuple[str, ...]

    def authorise(self, account: Account) -> None:
        """Refuse an account that is not an officer's with authority over all of the areas."""
        for area in self.areas or ("",):
            require(account, Role.OFFICER, area)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody may derive facts from these, or withdraw them, from here on."""
        self.authorise(account)
        services.lock(self._chosen().ids)
        chosen = self._chosen()
        # A report or an act records facts of one kind.
        kind = chosen.facts[0].kind
        return Foreseen(
            area=self.areas[0],
            effect=foresee(lambda: services.withdraw(ids=chosen.ids, act=None), at=at),
            facts=self._told(chosen),
            touched=(*self.areas[1:], *sorted({fact.home[:6] for fact in chosen.facts})),
            about="" if chosen.is_confirmed and kind is EvidenceKind.CASE else kind.value,
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> Recomputation:
        """Withdraw the facts, and ask for one recomputation of all people concerned."""
        ids = self._chosen().ids
        # The audit finds a fact that somebody makes count again, because the act names it.
        detail = {**foreseen.facts, "evidence": ids}
        act = record_planned(plan=self, signed=signed, foreseen=foreseen, detail=detail, at=at)
        people = services.withdraw(ids=ids, act=act)
        return request(cause=Cause.EVIDENCE, act=act, people=sorted(people))

    def _chosen(self) -> Chosen:
        recorded = recorded_by(self.recorder, self.number)
        if not recorded.facts:
            raise NothingCounts
        places = {(fact.home, fact.area) for fact in recorded.facts}
        mine = {place for place in places if is_answered_by(self.areas, *place)}
        facts = [fact for fact in recorded.facts if (fact.home, fact.area) in mine]
        if not facts:
            raise OutsideYourArea
        return Chosen(facts, len(recorded.facts) - len(facts), recorded.is_confirmed)

    def _told(self, chosen: Chosen) -> dict[str, Any]:
        fallen = with_derived(chosen.ids)
        sources = Counter(fact.source for fact in chosen.facts)
        return {
            self.recorder.value: self.number,
            "facts": len(chosen.facts),
            "derived": fallen - len(chosen.facts),
            "others": chosen.others,
            "people": len({fact.person for fact in chosen.facts}),
            "kind": chosen.facts[0].kind.value,
            "sources": [
                {"name": name or "resident", "facts": facts}
                for name, facts in sorted(sources.items())
            ],
        }


@dataclass(frozen=True, slots=True)
class ForeseenWithdrawal:
    """What withdrawing would do: counts of facts, and of people by colour."""

    facts: dict[str, Any]
    effect: Effect


def preview_withdrawal(
    *, account: Account, recorder: Recorder, number: int, at: datetime
) -> ForeseenWithdrawal:
    """Return what `withdraw_recorded` would do. It names nobody and writes nothing.

    Raises:
        Refusal: as `withdraw_recorded`.
    """
    with transaction.atomic():
        foreseen = _plan(account, recorder, number).foresee(account, at=at)
        return ForeseenWithdrawal(dict(foreseen.facts), foreseen.effect)


def withdraw_recorded(
    *, account: Account, recorder: Recorder, number: int, ground: Ground, at: datetime
) -> Recomputation | Proposal:
    """Withdraw all facts of a report or an act that still count, and recompute colours once.

    The facts are those for which the officer answers; what was derived from them falls with them.
    If this needs a second person, nothing is withdrawn yet, and the proposal is returned.

    Raises:
        Forbidden: the account is not an officer's.
        NotFound: there is no such report, or no such act that recorded facts.
        NothingCounts: all of its facts were withdrawn or deleted before.
        OutsideYourArea: the officer answers for none of its facts.
    """
    plan = _plan(account, recorder, number)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)


def _plan(account: Account, recorder: Recorder, number: int) -> TogetherPlan:
    return TogetherPlan(recorder, number, tuple(areas_of(account, Role.OFFICER)))

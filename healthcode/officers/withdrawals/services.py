"""Look at evidence, and withdraw it when it was wrong."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Proposal
from healthcode.acts.plans import ActPlan, Foreseen, Signed
from healthcode.acts.services import record_planned
from healthcode.colours.decide_many import foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.colours.two_persons import do_or_propose
from healthcode.evidence import services
from healthcode.evidence.errors import AlreadyWithdrawn
from healthcode.evidence.models import Evidence
from healthcode.evidence.responsibility import answers_for
from healthcode.evidence.selectors import evidence_for


@transaction.atomic
def look_at_evidence(
    *, account: Account, evidence_id: int, ground: Ground, at: datetime
) -> Evidence:
    """Return one fact for an officer; its person sees that an officer looked, and why.

    Raises:
        NotFound, Forbidden: see `evidence_for`.
        TooMany: the officer has looked at people's data too often today.
    """
    fact = evidence_for(account, evidence_id)
    by = Onlooker(account, Role.OFFICER, answers_for(account, fact), ground)
    record_looks(by=by, people=[fact.person_id], what=LookKind.EVIDENCE, at=at)
    return fact


@dataclass(frozen=True, slots=True)
class WithdrawalPlan(ActPlan[Recomputation]):
    """The withdrawal of one fact."""

    kind = ActKind.EVIDENCE_WITHDRAWN
    evidence: int

    def authorise(self, account: Account) -> None:
        """See `evidence_for`."""
        evidence_for(account, self.evidence)

    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """See `ActPlan`. Nobody may derive facts from it, or withdraw it, from here on."""
        services.lock([self.evidence])
        fact = evidence_for(account, self.evidence)
        if fact.withdrawn_by_id is not None:
            raise AlreadyWithdrawn
        return Foreseen(
            area=answers_for(account, fact),
            effect=foresee(lambda: services.withdraw(ids=[fact.pk], act=None), at=at),
            facts={"evidence": fact.pk, "kind": fact.kind},
            about=fact.kind,
        )

    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> Recomputation:
        """Withdraw the fact, and ask for the recomputation of the people concerned."""
        act = record_planned(
            plan=self, signed=signed, foreseen=foreseen, detail=foreseen.facts, at=at
        )
        people = services.withdraw(ids=[self.evidence], act=act)
        return request(cause=Cause.EVIDENCE, act=act, people=sorted(people))


def withdraw_evidence(
    *, account: Account, evidence_id: int, ground: Ground, at: datetime
) -> Recomputation | Proposal:
    """Withdraw one fact, as an officer's act, and recompute the colours that rested on it.

    If the withdrawal needs a second person, nothing is withdrawn yet, and the proposal is returned.

    Raises:
        NotFound, Forbidden: see `evidence_for`.
        AlreadyWithdrawn: somebody has withdrawn it before.
    """
    plan = WithdrawalPlan(evidence_id)
    return do_or_propose(plan=plan, account=account, ground=ground, at=at)

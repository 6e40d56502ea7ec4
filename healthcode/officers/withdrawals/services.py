"""Look at evidence, and withdraw it when it was wrong."""

from datetime import datetime

from django.db import transaction

from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.looks import LookKind, Onlooker, record_looks
from healthcode.acts.services import record_act
from healthcode.colours.decide_many import foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
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


@transaction.atomic
def withdraw_evidence(
    *, account: Account, evidence_id: int, ground: Ground, at: datetime
) -> Recomputation:
    """Withdraw one fact, as an officer's act, and recompute the colours that rested on it.

    Raises:
        NotFound, Forbidden: see `evidence_for`.
        AlreadyWithdrawn: somebody has withdrawn it before.
    """
    fact = evidence_for(account, evidence_id)
    # Nobody may derive facts from it between the count and the withdrawal.
    services.lock([fact.pk])
    effect = foresee(lambda: services.withdraw(ids=[fact.pk], act=None), at=at)
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.EVIDENCE_WITHDRAWN,
        area=answers_for(account, fact),
        ground=ground,
        detail={"evidence": fact.pk, "kind": fact.kind},
        at=at,
        effect=effect,
    )
    people = services.withdraw(ids=[fact.pk], act=act)
    if not people:
        raise AlreadyWithdrawn
    return request(cause=Cause.EVIDENCE, act=act, people=sorted(people))

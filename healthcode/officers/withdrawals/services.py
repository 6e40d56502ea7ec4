"""Withdraw evidence that was wrong."""

from datetime import datetime

from django.db import transaction

from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.colours.decide_many import foresee
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.recompute import request
from healthcode.evidence import services
from healthcode.evidence.errors import AlreadyWithdrawn
from healthcode.evidence.responsibility import answers_for
from healthcode.evidence.selectors import evidence_for


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

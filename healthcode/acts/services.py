"""Record acts, and proposals of acts that need a second person."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import transaction

from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import append_act, plain
from healthcode.acts.models import Act, ActArea, Proposal, ProposalState
from healthcode.acts.plans import ActPlan, Foreseen, Signed, fingerprint_of, preview_of

PROPOSAL_LIFE: Final = timedelta(hours=24)


@transaction.atomic(savepoint=False)
def record_act(
    *,
    account: Account,
    role: Role,
    kind: ActKind,
    area: str,
    ground: Ground,
    detail: Mapping[str, object],
    at: datetime,
    effect: Effect = NO_EFFECT,
    touched: Collection[str] = (),
    confirmed_by: Account | None = None,
) -> Act:
    """Record for good what `account` did and on what ground; nobody can change the row later.

    The public log gets a leaf in the same transaction (docs/log.md).

    Args:
        detail: what was done, in whole numbers, texts and lists; names are ASCII.
        area: for which the account acts, short form; empty for the whole country.
        effect: what becomes of people's colours, counted before they are written.
        touched: further areas that the act names.
        confirmed_by: the second person, if the act needed one.
    """
    act = Act.objects.create(
        account=account,
        role=role,
        kind=kind,
        area=area,
        ground_kind=ground.kind,
        ground=ground.text,
        detail=plain(detail),
        people_before=list(effect.before),
        people_after=list(effect.after),
        worse=effect.worse,
        at=at,
        confirmed_by=confirmed_by,
    )
    people = dict.fromkeys({area, *touched}, 0) | dict(effect.homes)
    ActArea.objects.bulk_create(
        ActArea(act=act, area=where, people=count) for where, count in sorted(people.items())
    )
    append_act(act, people)
    return act


def record_planned(
    *,
    plan: ActPlan[Any],
    signed: Signed,
    foreseen: Foreseen,
    detail: Mapping[str, object],
    at: datetime,
) -> Act:
    """Record the act of a plan that is being performed, as it was foreseen."""
    return record_act(
        account=signed.account,
        role=plan.done_as,
        kind=plan.kind,
        area=foreseen.area,
        ground=signed.ground,
        detail=detail,
        at=at,
        effect=foreseen.effect,
        touched=foreseen.touched,
        confirmed_by=signed.confirmed_by,
    )


def one_act_at_a_time(*, account: Account) -> None:
    """Let this account do nothing else until the transaction ends.

    Otherwise two acts at the same time could each count the people without the other's. Call this
    before locking anything else; then two acts of one account cannot deadlock.
    """
    # NO KEY: whoever writes a row that refers to the account need not wait.
    list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk"))


def propose(
    *,
    plan: ActPlan[Any],
    account: Account,
    ground: Ground,
    foreseen: Foreseen,
    at: datetime,
    is_alarm: bool = False,
) -> Proposal:
    """Store an act that needs a second person. A repetition of a proposal that waits is the same.

    Call `one_act_at_a_time` before. `is_alarm` says that unusually many people would turn red.
    """
    payload, preview = msgspec.to_builtins(plan), preview_of(foreseen)
    fingerprint = fingerprint_of(plan.kind, payload, preview)
    said = {"ground_kind": ground.kind.value, "ground": ground.text}
    waiting = Proposal.objects.filter(
        proposed_by=account, state=ProposalState.WAITING, expires_at__gt=at
    )
    known = waiting.filter(kind=plan.kind, fingerprint=fingerprint, **said).first()
    return known or Proposal.objects.create(
        kind=plan.kind,
        proposed_by=account,
        role=plan.done_as,
        area=foreseen.area,
        touched=sorted({*foreseen.touched, *foreseen.effect.homes} - {foreseen.area}),
        payload=payload,
        preview=preview,
        fingerprint=fingerprint,
        made_at=at,
        expires_at=at + PROPOSAL_LIFE,
        is_alarm=is_alarm,
        **said,
    )


def decide_proposal(
    *, proposal: Proposal, account: Account, ground: Ground, act: Act | None, at: datetime
) -> None:
    """Store that somebody confirmed a proposal, which became `act`, or withdrew it (None).

    The caller has locked and checked the proposal.
    """
    proposal.state = ProposalState.CONFIRMED if act else ProposalState.WITHDRAWN
    proposal.decided_by = account
    proposal.decided_at = at
    proposal.decision_ground_kind = ground.kind
    proposal.decision_ground = ground.text
    proposal.act = act
    proposal.save(
        update_fields=[
            *("state", "decided_by", "decided_at", "decision_ground_kind", "decision_ground"),
            "act",
        ]
    )

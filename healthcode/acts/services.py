"""Record acts."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import append_act, plain
from healthcode.acts.models import Act, ActArea


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
) -> Act:
    """Record for good what `account` did and on what ground; nobody can change the row later.

    The public log gets a leaf in the same transaction (docs/log.md).

    Args:
        detail: what was done, in whole numbers, texts and lists; names are ASCII.
        area: for which the account acts, short form; empty for the whole country.
        effect: what becomes of people's colours, counted before they are written.
        touched: further areas that the act names.
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
    )
    people = dict.fromkeys({area, *touched}, 0) | dict(effect.homes)
    ActArea.objects.bulk_create(
        ActArea(act=act, area=where, people=count) for where, count in sorted(people.items())
    )
    append_act(act, people)
    return act

"""Record acts."""

from collections.abc import Collection, Mapping
from datetime import datetime

from accounts.models import Account, Role
from healthcode.acts.effects import NO_EFFECT, Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, ActArea


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

    Args:
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
        detail=detail,
        people_before=list(effect.before),
        people_after=list(effect.after),
        worse=effect.worse,
        at=at,
    )
    people = dict.fromkeys({area, *touched}, 0) | dict(effect.homes)
    ActArea.objects.bulk_create(
        ActArea(act=act, area=where, people=count) for where, count in sorted(people.items())
    )
    return act

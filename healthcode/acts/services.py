"""Record acts."""

from collections.abc import Mapping
from datetime import datetime

from accounts.models import Account
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act


def record_act(
    *,
    account: Account,
    kind: ActKind,
    area: str,
    ground: str,
    detail: Mapping[str, object],
    at: datetime,
) -> Act:
    """Record for good what `account` did and on what ground; nobody can change the row later."""
    return Act.objects.create(
        account=account, kind=kind, area=area, ground=ground, detail=detail, at=at
    )

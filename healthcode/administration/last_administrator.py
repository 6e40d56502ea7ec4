"""Each area keeps an administrator whose role has no end date.

So no area is ever without an administrator because a day has come: whoever has an end date can go.
"""

from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection
from django.db.models import Q

from accounts.authority import covers
from accounts.models import Account, Grant, Role
from healthcode.administration.errors import LastAdministrator
from healthcode.web.advisory_locks import AdvisoryLock


def refuse_last_administrator(account: Account, *, at: datetime, area: str | None = None) -> None:
    """Refuse to let an administrator go without whom one of their areas has none for good.

    Nobody else takes an administrator's role, gives it an end or closes such an account, until the
    transaction ends.

    Args:
        area: the area in which the account loses the role; None means all of its areas.

    Raises:
        LastAdministrator: nobody else administers such an area without an end date, or whoever does
            has not chosen a password yet. Perhaps only the one who leaves can see the link for it.
    """
    one_administrator_at_a_time()
    held = Grant.objects.in_force(at).filter(role=Role.ADMINISTRATOR)
    own = held.filter(account=account).values_list("area", flat=True)
    can_come = Q(account=account) | ~Q(account__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    others = held.filter(can_come, account__is_active=True, ends_at=None)
    if area is None:
        left = others.exclude(account=account)
    else:
        own, left = own.filter(area=area), others.exclude(account=account, area=area)
    areas = set(left.values_list("area", flat=True))
    if any(not any(covers(other, one) for other in areas) for one in own):
        raise LastAdministrator


def one_administrator_at_a_time() -> None:
    """Let nobody else make the first administrator, or let one go, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {AdvisoryLock.FIRST_ADMINISTRATOR.alone}")

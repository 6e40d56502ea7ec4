"""Grant to a source what it may report."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.authority import require
from accounts.errors import invalid
from accounts.models import Account, Grant, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.services import record_act
from healthcode.evidence.models import ReportKind, SourceGrant

MOST_LINES: Final = 1_000_000


@transaction.atomic
def grant_reporting(
    *,
    account: Account,
    source: str,
    area: str,
    kinds: Collection[ReportKind],
    reddening_lines_a_day: int | None,
    ground: Ground,
    at: datetime,
) -> SourceGrant:
    """Say, as an administrator's act, what a source may report within an area.

    A later grant for the same area replaces the earlier one.

    Args:
        source: the user name of the source.
        area: short form, as the source's role has it; empty for the whole country.
        reddening_lines_a_day: the daily budget; None means the figure of the policy.

    Raises:
        Forbidden, OutsideYourArea: the account is not an administrator's for this area.
        InvalidInput: the account does not have the role of a source for this area, there are no
            kinds, or the budget is out of range.
    """
    require(account, Role.ADMINISTRATOR, area)
    if not kinds:
        raise invalid("/kinds", _("Name at least one kind that the source may report."))
    if reddening_lines_a_day is not None and not 0 <= reddening_lines_a_day <= MOST_LINES:
        raise invalid("/reddening_lines_a_day", _("Give a budget from 0 to 1,000,000 lines a day."))
    sources = Grant.objects.in_force(at).filter(role=Role.SOURCE, area=area)
    role = sources.filter(account__username=source).first()
    if role is None:
        raise invalid(
            "/source",
            _("This account is not a source for this area. Give it the role with add_staff first."),
        )
    act = record_act(
        account=account,
        role=Role.ADMINISTRATOR,
        kind=ActKind.SOURCE_GRANTED,
        area=area,
        ground=ground,
        detail={
            "source": role.account_id,
            "kinds": sorted(kinds),
            "reddening_lines_a_day": reddening_lines_a_day,
        },
        at=at,
    )
    granted, _made = SourceGrant.objects.update_or_create(
        grant=role,
        defaults={
            "kinds": sorted(kinds),
            "reddening_lines_a_day": reddening_lines_a_day,
            "granted_by": act,
        },
    )
    return granted

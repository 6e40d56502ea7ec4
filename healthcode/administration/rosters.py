"""Load the authority's roster of people as an administrator's act."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.authority import province
from accounts.rosters import replace_roster
from healthcode.acts.kinds import ActKind
from healthcode.administration.administrator import Administrator
from healthcode.web.days import day_of


@transaction.atomic
def load_roster(*, by: Administrator, lines: Iterable[str], at: datetime) -> int:
    """Replace the roster, and return how many people the new one has.

    Raises:
        Forbidden, OutsideYourArea: the administrator is not responsible for the whole province.
        BrokenRoster: a line is broken; the roster before stays.
    """
    by.require(province())
    people = replace_roster(lines, on=day_of(at))
    by.record(ActKind.ROSTER_LOADED, {"people": people}, areas=[province()], at=at)
    return people

"""End the service for good: delete everything about people, keep what officers did."""

from datetime import datetime

from django.db import connection, transaction

from accounts.authority import province, require
from accounts.models import Account, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.evidence.forgetting import note_sunset
from healthcode.web.keeping import Goes, records


@transaction.atomic
def end_service(*, account: Account, ground: Ground, at: datetime) -> Act:
    """Delete everything about people from all tables, and record who ended the service and why.

    For each table, its `TableRecord` says what happens to its rows (`healthcode.web.keeping`).
    Emptying a table takes the same time whatever its size, and locks the table until everything is
    done. Only the owner of the tables may empty them, so the command logs in as the owner.

    Raises:
        Forbidden: the officer's area is smaller than the issuer's province.
    """
    require(account, Role.OFFICER, province())
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.SERVICE_ENDED,
        area=province(),
        ground=ground,
        detail={},
        at=at,
    )
    note_sunset(at=at)
    emptied = [record.model._meta.db_table for record in records() if record.sunset is Goes.AT_ONCE]
    with connection.cursor() as cursor:
        # One statement, because PostgreSQL empties tables that refer to each other only together.
        cursor.execute(f"TRUNCATE {', '.join(emptied)}")
    for record in records():
        if callable(record.sunset):
            record.sunset()
    return act

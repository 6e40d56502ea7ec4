"""The account's own list: logins, failures, ended sessions and changes of how to log in.

Metrics count the same for all accounts together. Neither has a password, a code or an address.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.functional import Promise
from prometheus_client import Counter

from accounts.event_models import AccountEvent, AccountEventKind
from accounts.models import MOVED, Account, DeviceKind
from healthcode.web.days import day_of, start_of_day

KEPT: Final = timedelta(days=90)
SHOWN: Final = 100
"""How many rows the list has at most, the newest ones."""

BY_STRANGERS: Final = frozenset(
    {
        AccountEventKind.WRONG_CODE,
        AccountEventKind.WRONG_PASSWORD,
        AccountEventKind.HELD_OFF,
        AccountEventKind.CHECK_FAILED,
        AccountEventKind.FACTOR_FAILED,
    }
)
"""What somebody who is not logged in can cause. It is counted by day."""

EVENTS: Final = Counter(
    "healthcode_account_events",
    "What happened to logins, by kind and sort of account.",
    ["kind", "account"],
)
RESIDENT: Final = "resident"
STAFF: Final = "staff"
UNKNOWN: Final = "unknown"

# The same statement runs for known and unknown names, so that its time tells neither.
_COUNT = """
INSERT INTO accounts_accountevent AS known (account_id, kind, device, period, last_at, times)
SELECT id, %(kind)s, %(device)s, %(period)s, %(at)s, %(times)s
  FROM accounts_account WHERE {whose}
    ON CONFLICT (account_id, kind, device, period) DO UPDATE
   SET times = known.times + excluded.times,
       last_at = greatest(known.last_at, excluded.last_at)
"""
_OF_ACCOUNT: Final = _COUNT.format(whose="id = %(account)s")
_OF_PHONE: Final = _COUNT.format(whose="phone_index = %(account)s AND is_active")
_OF_NAME: Final = _COUNT.format(whose="username = %(account)s AND is_active")


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the list, for people. `what` is in the language of whoever reads it."""

    kind: AccountEventKind
    what: str | Promise
    device: DeviceKind | None
    times: int
    last_at: datetime


def note(
    *,
    account: Account,
    kind: AccountEventKind,
    at: datetime,
    device: DeviceKind | None = None,
    times: int = 1,
) -> None:
    """Note what happened to the login of an account, in the transaction that is open.

    A failure must be noted in a transaction that is committed although the login is refused.

    Args:
        device: None if the service does not know it.
        times: how many sessions ended, for example. Nothing is noted if it is 0.
    """
    if not times:
        return
    _add(_OF_ACCOUNT, account.pk, kind=kind, at=at, device=device, times=times)
    is_staff = account.username and not account.username.startswith(MOVED)
    _count(kind, STAFF if is_staff else RESIDENT, times)


def note_failure(
    *,
    kind: AccountEventKind,
    at: datetime,
    phone_index: bytes | None = None,
    username: str = "",
) -> None:
    """Note a failed login with a telephone or a name; only the metrics count it if nobody has it.

    The kind of device is left out, because whoever fails may say anything about it.
    """
    if phone_index is not None:
        found, sort = _add(_OF_PHONE, phone_index, kind=kind, at=at), RESIDENT
    else:
        found, sort = _add(_OF_NAME, username, kind=kind, at=at), STAFF
    _count(kind, sort if found else UNKNOWN, 1)


def events_of(account: Account) -> list[Event]:
    """Return what happened to the login of an account, the newest first, at most `SHOWN` rows."""
    rows = AccountEvent.objects.filter(account=account).order_by("-last_at", "-id")
    return [_event(row) for row in rows[:SHOWN]]


def forget_events(*, at: datetime) -> int:
    """Delete what happened more than 90 days ago, and return the number of rows."""
    return AccountEvent.objects.filter(last_at__lte=at - KEPT).delete()[0]


def _event(row: AccountEvent) -> Event:
    kind = AccountEventKind(row.kind)
    device = DeviceKind(row.device) if row.device else None
    return Event(kind, kind.label, device, row.times, row.last_at)


def _add(
    statement: str,
    account: int | str | bytes,
    *,
    kind: AccountEventKind,
    at: datetime,
    device: DeviceKind | None = None,
    times: int = 1,
) -> bool:
    """Add to the count of the account, if there is one; tell whether there is."""
    values = {
        "account": account,
        "kind": kind.value,
        "device": device.value if device else "",
        "period": _period(kind, at),
        "at": at,
        "times": times,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


def _period(kind: AccountEventKind, at: datetime) -> datetime:
    if kind in BY_STRANGERS:
        return start_of_day(day_of(at))
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _count(kind: AccountEventKind, sort: str, times: int) -> None:
    """Count in the metrics what the open transaction commits, and nothing that it takes back."""
    transaction.on_commit(lambda: EVENTS.labels(kind.value, sort).inc(times))

"""Writing scans down, each id once: the first to come counts, and every repeat is told of it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from healthcode.web.answers import as_json
from healthcode.web.days import SHANGHAI


class ScanRow(NamedTuple):
    """A row of `verifier_scan`; the fields are its columns, in order."""

    day: date
    id: UUID
    venue_id: int
    device_id: int
    scanned_at: datetime
    received_at: datetime
    offline: bool
    outcome: str
    reason: str
    given_outcome: str
    given_reason: str
    colour: int | None
    issuer: str
    issued_at: datetime | None
    shown_at: datetime | None
    age_seconds: int | None
    status_uri: str
    status_idx: int | None
    code_digest: bytes


class RecordedScan(NamedTuple):
    """What an answer tells of a scan that was recorded before; columns, in order."""

    id: UUID
    device_id: int
    outcome: str
    reason: str
    colour: int | None
    issued_at: datetime | None
    age_seconds: int | None
    code_digest: bytes


_COLUMNS: Final = ", ".join(ScanRow._fields)
_TOLD: Final = ", ".join(RecordedScan._fields)

# By far the most scans are new, and happen as they come: their statement does nothing else. Only a
# conflict tells of an earlier one of the same day.
_INSERT: Final = f"""
INSERT INTO verifier_scan ({_COLUMNS}) VALUES ({", ".join(["%s"] * len(ScanRow._fields))})
ON CONFLICT DO NOTHING
"""  # noqa: S608 - only the column names above are put in; every value is bound

# A scan sent again may belong to the day before or after: it was scanned before midnight and
# arrives after it, or it arrived first without its time and comes again with it. So the days
# around are looked at too. Of two that arrive at the same instant one waits for the other and
# writes nothing. The rows come as one JSON text: binding each of their values took longer than
# writing them.
_RECORD: Final = f"""
WITH earlier AS (
    SELECT {_TOLD} FROM verifier_scan WHERE day = ANY(%s::date[]) AND id = ANY(%s::uuid[])
), written AS (
    INSERT INTO verifier_scan ({_COLUMNS})
    SELECT {_COLUMNS} FROM json_populate_recordset(NULL::verifier_scan, %s) AS sent
    WHERE sent.id NOT IN (SELECT id FROM earlier)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT (SELECT array_agg(id::text) FROM written), {_TOLD} FROM (VALUES (1)) AS once
LEFT JOIN earlier ON true
"""  # noqa: S608 - only the column names above are put in; every value is bound

REPEATED_UNTIL: Final = time(6)
"""Until then a scan without its time may be one from before midnight, sent again."""
AHEAD_FROM: Final = time(23, 58)
"""From then on a scan may have been recorded as of tomorrow, by a clock that is a little fast."""


def record(rows: Sequence[ScanRow]) -> dict[UUID, RecordedScan]:
    """Write what is new with one statement; what was recorded before, for ids that are not.

    A scan that happened as it came is told from its own day's scans alone, but at night: whoever
    repeats one on another day gives its time, or does so before six.
    """
    if len(rows) == 1 and _happens_by_day(rows[0]) and _is_new(rows[0]):
        return {}
    # In one order, so that two deliveries of the same scans never wait for each other in a circle.
    left = sorted(rows, key=lambda row: (row.day, row.id.int))
    earlier: dict[UUID, RecordedScan] = {}
    while left:
        written, found = _record(left)
        earlier |= found
        if len(written) + len(found) == len(left):
            break
        # Neither written nor seen: somebody else wrote it meanwhile, so now it is to be seen.
        left = [row for row in left if row.id not in earlier and str(row.id) not in written]
    return earlier


def _happens_by_day(row: ScanRow) -> bool:
    hour = row.scanned_at.astimezone(SHANGHAI).time()
    return row.scanned_at == row.received_at and REPEATED_UNTIL <= hour < AHEAD_FROM


def _is_new(row: ScanRow) -> bool:
    """Whether the row was written; otherwise its id is taken."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        return bool(cursor.rowcount)


def _record(rows: Sequence[ScanRow]) -> tuple[set[str], dict[UUID, RecordedScan]]:
    """The ids that were written, and what was recorded earlier."""
    days = {row.day for row in rows}
    around = sorted({day + timedelta(days=step) for day in days for step in (-1, 0, 1)})
    ids = "{" + ",".join([str(row.id) for row in rows]) + "}"
    sent = as_json([_columns(row) for row in rows]).decode()
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [around, ids, sent])
        found = cursor.fetchall()
    written = set(found[0][0] or ())
    return written, {told[0]: RecordedScan(*told) for _, *told in found if told[0] is not None}


def _columns(row: ScanRow) -> dict[str, object]:
    """The row by its columns, the digest as PostgreSQL reads one."""
    columns = row._asdict()
    columns["code_digest"] = rf"\x{row.code_digest.hex()}"
    return columns

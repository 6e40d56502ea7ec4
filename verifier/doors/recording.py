"""Record scans, each id once. A repeat gets what was recorded first."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from healthcode.web.answers import as_json
from healthcode.web.days import SHANGHAI


class ScanRow(NamedTuple):
    """A row of `verifier_scan`. The fields are its columns, in order."""

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
    """The columns that an answer needs of a scan recorded before, in the order of the query."""

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

# Nearly all scans are new and arrive as they happen, so their statement only inserts. A conflict
# shows that the id was recorded earlier on the same day.
_INSERT: Final = f"""
INSERT INTO verifier_scan ({_COLUMNS}) VALUES ({", ".join(["%s"] * len(ScanRow._fields))})
ON CONFLICT DO NOTHING
"""  # noqa: S608 - only the column names above are put in; every value is bound

# A repeated scan may be recorded under the day before or after: it was scanned before midnight and
# arrived after it, or it came first without its time and again with it. So the query looks at the
# neighbouring days too. Of two repeats at the same instant, one waits for the other and writes
# nothing. The rows are sent as one JSON text, because binding each value took longer than writing
# the rows.
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
"""Before this hour, a scan without its time may repeat one from before midnight."""
AHEAD_FROM: Final = time(23, 58)
"""After this time, a device whose clock is fast may have dated the scan to tomorrow."""


def record(rows: Sequence[ScanRow]) -> dict[UUID, RecordedScan]:
    """Insert new scans with one statement. For each id that is not new, return the stored scan.

    If a scan arrives at once, the statement looks for the same id only on the scan's own day,
    except at night. This is enough: if a device sends the scan again on another day, it also sends
    the time of the scan, or it is before 6 a.m.
    """
    if len(rows) == 1 and _happens_by_day(rows[0]) and _is_new(rows[0]):
        return {}
    # A fixed order keeps two deliveries of the same scans from a deadlock.
    left = sorted(rows, key=lambda row: (row.day, row.id.int))
    earlier: dict[UUID, RecordedScan] = {}
    while left:
        written, found = _record(left)
        earlier |= found
        if len(written) + len(found) == len(left):
            break
        # Neither written nor found: another process wrote it meanwhile, so it can be found now.
        left = [row for row in left if row.id not in earlier and str(row.id) not in written]
    return earlier


def _happens_by_day(row: ScanRow) -> bool:
    hour = row.scanned_at.astimezone(SHANGHAI).time()
    return row.scanned_at == row.received_at and REPEATED_UNTIL <= hour < AHEAD_FROM


def _is_new(row: ScanRow) -> bool:
    """Insert the row. Return False when its id is already taken."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, row)
        return bool(cursor.rowcount)


def _record(rows: Sequence[ScanRow]) -> tuple[set[str], dict[UUID, RecordedScan]]:
    """Return the ids that were written, and what was recorded earlier, by id."""
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
    """Return the row by column, with the digest in the form that PostgreSQL reads."""
    columns = row._asdict()
    columns["code_digest"] = rf"\x{row.code_digest.hex()}"
    return columns

"""Judging codes at a door and recording each scan, once, before it is answered.

The steady state costs one statement: device and trust come from this process's caches, and the
insert itself finds out whether the scan was recorded before.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from healthcode.core import Colour, HealthCode, Kind, Outcome, Reason, Rules, Verdict, decode
from healthcode.web.errors import InvalidInput, Refusal
from verifier.errors import ScanIdReused
from verifier.metrics import SCANS
from verifier.trust import CLOCK_LEEWAY_SECONDS, knowledge

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MAX_SCAN_AGE: Final = timedelta(days=7)
"""A phone without network brings its scans within a week, well inside their retention."""


@dataclass(frozen=True, slots=True)
class Door:
    """The device that scans, its venue, and what a yellow code means there.

    It is what a device's requests are made as, in the place of a person's account.
    """

    is_authenticated: ClassVar[bool] = True
    device: int
    venue: int
    yellow: Outcome

    def rules(self) -> Rules:
        """What this door admits."""
        return Rules(
            admits={
                Colour.GREEN: Outcome.PASS,
                Colour.YELLOW: self.yellow,
                Colour.RED: Outcome.REFUSE,
            },
            kinds=frozenset(Kind),
        )


@dataclass(frozen=True, slots=True)
class Given:
    """The verdict that an offline door gave."""

    outcome: Outcome
    reason: Reason


@dataclass(frozen=True, slots=True)
class NewScan:
    """A scan as a device reports it. Without `scanned_at` it happens as it arrives."""

    id: UUID
    code: str
    scanned_at: datetime | None = None
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door is told about a scan: always what was recorded first for its id."""

    id: UUID
    outcome: Outcome
    reason: Reason
    colour: Colour | None
    holder: str | None
    issued_at: datetime | None
    age_seconds: int | None


def scan(*, door: Door, new: NewScan, at: datetime) -> Answer:
    """Judge one code and record the scan.

    Raises:
        InvalidInput: `scanned_at` lies ahead, or too far back.
        ScanIdReused: the id belongs to a scan of another code or device.
    """
    answer = scan_all(door=door, scans=[new], offline=False, at=at)[0]
    if isinstance(answer, Refusal):
        raise answer
    return answer


def scan_all(
    *, door: Door, scans: Sequence[NewScan], offline: bool, at: datetime
) -> list[Answer | Refusal]:
    """Judge and record many scans with one statement; the answers in the order of `scans`.

    Each is judged as of its `scanned_at`, with what is known now.
    """
    refusals = [_refusal_of_time(new.scanned_at, at) for new in scans]
    rules, known = door.rules(), knowledge.current()
    rows: dict[UUID, Row] = {}
    holders: dict[UUID, str | None] = {}
    for new, refusal in zip(scans, refusals, strict=True):
        if refusal is None and new.id not in rows:
            moment = new.scanned_at or at
            verdict = known.judge(
                new.code, rules=rules, at=int(moment.timestamp()), now=int(at.timestamp())
            )
            rows[new.id] = _row(door, new, verdict, moment=moment, offline=offline, at=at)
            holders[new.id] = verdict.code.holder if verdict.code else None
    recorded = _record(rows.values()) if rows else {}
    _count(rows, recorded)
    return [
        refusal or _answer(door, new, recorded[new.id], holders[new.id])
        for new, refusal in zip(scans, refusals, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Row:
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


_TYPES: Final = {
    "day": "date",
    "id": "uuid",
    "venue_id": "bigint",
    "device_id": "bigint",
    "scanned_at": "timestamptz",
    "received_at": "timestamptz",
    "offline": "boolean",
    "outcome": "text",
    "reason": "text",
    "given_outcome": "text",
    "given_reason": "text",
    "colour": "smallint",
    "issuer": "text",
    "issued_at": "timestamptz",
    "shown_at": "timestamptz",
    "age_seconds": "integer",
    "status_uri": "text",
    "status_idx": "bigint",
    "code_digest": "bytea",
}
_COLUMNS: Final = ", ".join(_TYPES)

_ROW: Final = f"({', '.join(f'%s::{kind}' for kind in _TYPES.values())})"

# A scan sent again may belong to the day before or after: it was scanned before midnight and
# arrives after it, or it arrived first without its time and comes again with it. So the days
# around are looked at too. Of two that arrive at the same instant the conflict clause makes one
# wait, and gives it the row that the other wrote. VALUES, since planning a join with unnest()
# took as long as writing the row.
_RECORD: Final = f"""
WITH earlier AS (
    SELECT {_COLUMNS} FROM verifier_scan
    WHERE day = ANY(%s::date[]) AND id = ANY(%s::uuid[])
), written AS (
    INSERT INTO verifier_scan ({_COLUMNS})
    SELECT {_COLUMNS} FROM (VALUES {{rows}}) AS sent ({_COLUMNS})
    WHERE NOT EXISTS (SELECT FROM earlier WHERE earlier.id = sent.id)
    ON CONFLICT (day, id) DO UPDATE SET received_at = verifier_scan.received_at
    RETURNING {_COLUMNS}
)
SELECT {_COLUMNS} FROM earlier UNION ALL SELECT {_COLUMNS} FROM written
"""  # noqa: S608 - only the column names above are put in; every value is bound


def _record(rows: Iterable[Row]) -> dict[UUID, Row]:
    """Insert what is new, and return for each id the row that was recorded first."""
    # In one order, so that two deliveries of the same scans never wait for each other in a circle.
    listed = sorted(rows, key=lambda row: (row.day, row.id))
    days = {row.day + timedelta(days=step) for row in listed for step in (-1, 0, 1)}
    values = [getattr(row, name) for row in listed for name in _TYPES]
    statement = _RECORD.format(rows=", ".join([_ROW] * len(listed)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [sorted(days), [row.id for row in listed], *values])
        found = [Row(*columns) for columns in cursor.fetchall()]
    return {row.id: row for row in found}


def _row(
    door: Door, new: NewScan, verdict: Verdict, *, moment: datetime, offline: bool, at: datetime
) -> Row:
    code = verdict.code
    return Row(
        day=moment.astimezone(SHANGHAI).date(),
        id=new.id,
        venue_id=door.venue,
        device_id=door.device,
        scanned_at=moment,
        received_at=at,
        offline=offline,
        outcome=verdict.outcome.value,
        reason=verdict.reason.value,
        given_outcome=new.given.outcome.value if new.given else "",
        given_reason=new.given.reason.value if new.given else "",
        colour=int(code.colour) if code else None,
        issuer=code.issuer if code else "",
        issued_at=datetime.fromtimestamp(code.issued_at, UTC) if code else None,
        shown_at=_shown_at(new.code, code) if code else None,
        age_seconds=verdict.age_seconds,
        status_uri=code.status.uri if code else "",
        status_idx=code.status.idx if code else None,
        code_digest=_digest(new.code),
    )


def _shown_at(text: str, code: HealthCode) -> datetime | None:
    """When the phone's picture was made; None for paper, which never changes."""
    if code.kind is Kind.PAPER:
        return None
    proof = decode(text).proof if code.phone_key else None
    return datetime.fromtimestamp(proof.made_at if proof else code.issued_at, UTC)


def _answer(door: Door, new: NewScan, row: Row, holder: str | None) -> Answer | Refusal:
    if bytes(row.code_digest) != _digest(new.code) or row.device_id != door.device:
        return ScanIdReused(_("Another scan was recorded under this id. Make a new id a scan."))
    colour = None if row.colour is None else Colour(row.colour)
    return Answer(
        id=row.id,
        outcome=Outcome(row.outcome),
        reason=Reason(row.reason),
        colour=colour,
        # The name is never stored: it comes from the code just sent, found genuine both times.
        holder=None if colour is None else holder,
        issued_at=row.issued_at,
        age_seconds=row.age_seconds,
    )


def _refusal_of_time(scanned_at: datetime | None, at: datetime) -> InvalidInput | None:
    if scanned_at is None:
        return None
    if scanned_at > at + timedelta(seconds=CLOCK_LEEWAY_SECONDS):
        detail = _("The time of the scan lies ahead. Set the clock of this device.")
    elif scanned_at < at - MAX_SCAN_AGE:
        detail = _("The scan is more than 7 days old; such old scans are not taken any more.")
    else:
        return None
    return InvalidInput(detail, errors=[{"pointer": "/scanned_at", "detail": str(detail)}])


def _digest(code: str) -> bytes:
    # A scanner may read any bytes; what is not text must still have one digest.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _count(sent: dict[UUID, Row], recorded: dict[UUID, Row]) -> None:
    for scan_id, row in sent.items():
        if recorded[scan_id].received_at == row.received_at:
            SCANS.labels(row.outcome, row.reason, str(row.offline).lower()).inc()

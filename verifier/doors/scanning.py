"""Judge codes at a door and record each scan once, before the answer.

A scan normally costs one SQL statement: device and trust come from this process's caches, and the
INSERT itself detects a scan that was recorded before.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from healthcode.core import (
    ADMITTED,
    Colour,
    HealthCode,
    Kind,
    Outcome,
    Reason,
    Rules,
    Verdict,
    decode,
    names_scheme,
)
from healthcode.web.days import day_of
from healthcode.web.errors import InvalidInput, Refusal
from verifier.doors.metrics import SCANS
from verifier.doors.recording import RecordedScan, ScanRow, record
from verifier.errors import ScanIdReused
from verifier.recognition.trust import CLOCK_LEEWAY_SECONDS, knowledge

MAX_SCAN_AGE: Final = timedelta(days=7)
"""The oldest scan that is accepted. A phone without network sends its scans within a week."""


@dataclass(frozen=True, slots=True)
class EnrolledDevice:
    """The device that scans, its venue, and the outcome of a yellow code there.

    It is `request.user` of a device's requests, where people's requests have an account.
    """

    is_authenticated: ClassVar[bool] = True
    device: int
    venue: int
    yellow: Outcome

    def rules(self) -> Rules:
        """Return the rules of this door: what each colour means here."""
        return Rules(admits={**ADMITTED, Colour.YELLOW: self.yellow})


class Given(NamedTuple):
    """The verdict that a door without network gave."""

    outcome: Outcome
    reason: Reason

    @classmethod
    def of(cls, outcome: str | None, reason: str | None) -> "Given | None":
        """Return the verdict, or None when both parts are absent. Raises ValueError if one is."""
        if outcome is None and reason is None:
            return None
        if outcome is None or reason is None:
            raise ValueError("half a verdict")
        return cls(Outcome(outcome), Reason(reason))


class NewScan(NamedTuple):
    """A scan as a device reports it. Without `scanned_at`, the time of arrival counts."""

    id: UUID
    code: str
    scanned_at: datetime | None = None
    given: Given | None = None


class Answer(NamedTuple):
    """The answer to a scan. For a repeated id it is always what was recorded first."""

    id: UUID
    outcome: Outcome
    reason: Reason
    colour: Colour | None
    holder: str | None
    issued_at: datetime | None
    age_seconds: int | None


def scan(*, door: EnrolledDevice, new: NewScan, at: datetime) -> Answer:
    """Judge one code and record the scan.

    Raises:
        InvalidInput: `scanned_at` is in the future or more than 7 days ago.
        ScanIdReused: the id belongs to a scan of another code or device.
    """
    answer = scan_all(door=door, scans=[new], offline=False, at=at)[0]
    if isinstance(answer, Refusal):
        raise answer
    return answer


def scan_all(
    *, door: EnrolledDevice, scans: Sequence[NewScan], offline: bool, at: datetime
) -> list[Answer | Refusal]:
    """Judge and record many scans with one statement. The answers are in the order of `scans`.

    Each scan is judged as of its `scanned_at`, with what is known now. A text without the prefix of
    a known kind of code is answered but not recorded.
    """
    refusals = [_refusal_of_time(new.scanned_at, at) for new in scans]
    rules, known, now = door.rules(), knowledge.current(), int(at.timestamp())
    judged: dict[UUID, _Judged] = {}
    for new, refusal in zip(scans, refusals, strict=True):
        if refusal is None and new.id not in judged:
            moment = new.scanned_at or at
            verdict = known.judge(new.code, rules=rules, at=int(moment.timestamp()), now=now)
            row = _row(door, new, verdict, moment=moment, offline=offline, at=at)
            judged[new.id] = _Judged(new, verdict, row)
    # A poster or a product is no health code, so no person was refused.
    earlier = record([one.row for one in judged.values() if names_scheme(one.new.code)])
    _count(
        one.row
        for name, one in judged.items()
        if name not in earlier and names_scheme(one.new.code)
    )
    return [
        refusal or _answer(door, new, judged[new.id], earlier.get(new.id) if earlier else None)
        for new, refusal in zip(scans, refusals, strict=True)
    ]


class _Judged(NamedTuple):
    """The first scan with its id, its verdict, and the row to insert."""

    new: NewScan
    verdict: Verdict
    row: ScanRow


def _row(
    door: EnrolledDevice,
    new: NewScan,
    verdict: Verdict,
    *,
    moment: datetime,
    offline: bool,
    at: datetime,
) -> ScanRow:
    code = verdict.code
    return ScanRow(
        day=day_of(moment),
        id=new.id,
        venue_id=door.venue,
        device_id=door.device,
        scanned_at=moment,
        received_at=at,
        offline=offline,
        outcome=verdict.outcome,
        reason=verdict.reason,
        given_outcome=new.given.outcome if new.given else "",
        given_reason=new.given.reason if new.given else "",
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
    """Return when the phone made the picture; None for paper, which never changes."""
    if code.kind is Kind.PAPER:
        return None
    proof = decode(text).proof if code.phone_key else None
    return datetime.fromtimestamp(proof.made_at if proof else code.issued_at, UTC)


def _answer(
    door: EnrolledDevice, new: NewScan, judged: _Judged, earlier: RecordedScan | None
) -> Answer | Refusal:
    verdict, row = judged.verdict, judged.row
    code = verdict.code
    if earlier is None and judged.new is new:
        return Answer(
            id=new.id,
            outcome=verdict.outcome,
            reason=verdict.reason,
            colour=code.colour if code else None,
            holder=code.holder if code else None,
            issued_at=row.issued_at,
            age_seconds=verdict.age_seconds,
        )
    told = earlier or row
    if bytes(told.code_digest) != _digest(new.code) or told.device_id != door.device:
        return ScanIdReused()
    return Answer(
        id=told.id,
        outcome=Outcome(told.outcome),
        reason=Reason(told.reason),
        colour=None if told.colour is None else Colour(told.colour),
        # The name is never stored. It comes from the code just sent, genuine both times.
        holder=None if told.colour is None or code is None else code.holder,
        issued_at=told.issued_at,
        age_seconds=told.age_seconds,
    )


def _refusal_of_time(scanned_at: datetime | None, at: datetime) -> InvalidInput | None:
    if scanned_at is None:
        return None
    if scanned_at > at + timedelta(seconds=CLOCK_LEEWAY_SECONDS):
        detail = _("The time of this scan is in the future. Set the clock of this device.")
    elif scanned_at < at - MAX_SCAN_AGE:
        detail = _("This scan is more than 7 days old, which is too old to be accepted.")
    else:
        return None
    return InvalidInput(detail, errors=[{"pointer": "/scanned_at", "detail": str(detail)}])


def _digest(code: str) -> bytes:
    # A scanner may read any bytes, even half a surrogate pair, which UTF-8 cannot encode.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _count(written: Iterable[ScanRow]) -> None:
    kinds = Counter((row.outcome, row.reason, row.offline) for row in written)
    for (outcome, reason, offline), times in kinds.items():
        SCANS.labels(outcome, reason, str(offline).lower()).inc(times)

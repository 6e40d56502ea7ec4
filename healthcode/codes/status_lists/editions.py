"""Publish editions of the status lists: build and sign the lists of all days with living codes.

A new list continues the one before it, so the cost of an edition depends on the changes since then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max, QuerySet
from psycopg2.errors import LockNotAvailable

from accounts.models import Person
from healthcode.codes.keys import Signer, keyring
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists.indexes import Part, further_parts, parts_of
from healthcode.codes.status_lists.superseded import DatabaseSnapshot, Superseded, read_superseded
from healthcode.core import build_status_list, status_bits
from healthcode.core.status import unverified
from healthcode.web.advisory_locks import AdvisoryLock
from healthcode.web.days import day_of

TTL: Final = timedelta(seconds=30)
"""How often verifiers should fetch a list again."""

LIFETIME: Final = timedelta(days=1)
"""How long a list is valid if a verifier can get no newer one."""

SIGN_AGAIN_AFTER: Final = timedelta(minutes=5)
"""How old an unchanged list may become before it is signed again.

The new date shows doors that the list is current.
"""

PATIENCE: Final = timedelta(seconds=1)
"""How long a publisher waits if it may leave the work to the one that is busy."""


def publish_unless_busy(*, at: datetime) -> int:
    """Publish as `publish` does, but return 0 soon if another publisher is busy.

    The busy publisher looks once more afterwards, so the changes that this call came for are not
    lost.
    """
    try:
        return publish(at=at, patience=PATIENCE)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return 0
        raise


def publish(*, at: datetime, patience: timedelta = timedelta()) -> int:
    """Update the status lists of all codes that may still be valid; return how many were built.

    Only one publisher works at a time, so that no list ever returns to an older snapshot of the
    database.

    Args:
        patience: how long to wait for the lock while another publisher has it; zero means without
            limit.

    Raises:
        DoesNotSign: this process has no secret, or no key may sign now.
        OperationalError: the lock did not become free in time.
    """
    signer = keyring.signer(at=at)
    with transaction.atomic():
        _take_turn(patience)
        edition = Edition.open(signer=signer, at=at)
        built = edition.build()
        edition.close()
    return built


def _take_turn(patience: timedelta) -> None:
    with connection.cursor() as cursor:
        milliseconds = str(int(patience.total_seconds() * 1000))
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [milliseconds])
        cursor.execute(f"SELECT {AdvisoryLock.STATUS_LISTS.alone}")


@dataclass(frozen=True, slots=True)
class Edition:
    """The lists to publish at `at`, with all colour changes that `snapshot` contains.

    `first` is the day of the oldest living code. `held` are the lists published so far, by part.
    Call `open`, `build` and `close` once each, in this order.
    """

    signer: Signer
    at: datetime
    snapshot: DatabaseSnapshot
    first: date
    held: Mapping[Part, StatusList]
    parts: Sequence[Part]

    @classmethod
    def open(cls, *, signer: Signer, at: datetime) -> Self:
        """Read the published lists, and decide which lists this edition has.

        Tomorrow's lists start today, so that verifiers have them before midnight.
        """
        snapshot = DatabaseSnapshot.now()
        first, today = _day_of_oldest_code(at), day_of(at)
        held = {Part.of(row): row for row in _living(first).defer("token")}
        parts = _open_parts(first, today, today + timedelta(days=1))
        return cls(signer, at, snapshot, first, held, parts)

    def build(self) -> int:
        """Build the lists that have changed or grown old, and return how many."""
        built = 0
        for seen, parts in self._parts_by_snapshot().items():
            superseded = self._read(seen, parts)
            built += sum(self._renew(part, superseded) for part in parts)
        return built

    def close(self) -> None:
        """Store the snapshot with all living lists, and delete lists that were kept long enough."""
        _living(self.first).update(seen=self.snapshot.text)
        # Without the layout of its list, nobody could trace a scan back to a person.
        kept = timedelta(days=settings.SCAN_RETENTION_DAYS)
        StatusList.objects.filter(day__lt=self.first - kept).delete()

    def _parts_by_snapshot(self) -> Mapping[DatabaseSnapshot | None, list[Part]]:
        """Group the parts by the snapshot that their lists continue; None: they continue none.

        Normally every existing list was built from the same snapshot; only new or hand-inserted
        lists differ.
        """
        groups: dict[DatabaseSnapshot | None, list[Part]] = defaultdict(list)
        for part in self.parts:
            row = self.held.get(part)
            groups[self._snapshot_of(row) if row else None].append(part)
        return groups

    def _snapshot_of(self, row: StatusList) -> DatabaseSnapshot | None:
        """Return the snapshot that a list was built from; None if the list cannot be continued."""
        seen = DatabaseSnapshot(row.seen)
        return seen if self.snapshot.continues(seen) else None

    def _read(self, seen: DatabaseSnapshot | None, parts: Sequence[Part]) -> Superseded:
        """Read the codes superseded after the snapshot `seen`, which all these parts share."""
        since = min(part.day for part in parts)
        if seen is None:
            return read_superseded(since=since)
        seen_at = min(self.held[part].built_at for part in parts)
        return read_superseded(since=since, seen=seen, seen_at=seen_at)

    def _renew(self, part: Part, superseded: Superseded) -> bool:
        """Build a part's next list if it has changed or grown old; return whether it was built."""
        earlier = self.held.get(part)
        due = earlier is None or earlier.uri != part.uri or self._is_due(earlier)
        ended, taken_over = superseded.ended_in(part), superseded.taken_over_in(part)
        if not (ended or taken_over or due):
            return False
        before = b""
        if earlier and self._snapshot_of(earlier):
            before = unverified(bytes(earlier.token)).bits
        bits = status_bits(
            part.size,
            earlier=before,
            taken_over=part.indexes_of(taken_over),
            superseded=part.indexes_of(ended),
        )
        if bits == before and not due:
            return False
        # Verifiers keep the younger of two lists. A publisher that waited for its turn has a newer
        # snapshot, so its list must not be dated before the list that it replaces.
        self._store(part, bits, at=max(self.at, earlier.built_at) if earlier else self.at)
        return True

    def _is_due(self, earlier: StatusList) -> bool:
        """Return whether to sign a list again even if it has not changed."""
        grown_old = self.at - earlier.built_at >= SIGN_AGAIN_AFTER
        other_key = bytes(earlier.kid) != self.signer.kid
        return grown_old or other_key or not self._snapshot_of(earlier)

    def _store(self, part: Part, bits: bytes, *, at: datetime) -> None:
        row = StatusList(
            day=part.day,
            part=part.number,
            first_person=part.first_person,
            places=part.size,
            uri=part.uri,
            kid=self.signer.kid,
            seen=self.snapshot.text,
            token=self._token(part, bits, at=at),
            built_at=at,
        )
        StatusList.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["day", "part"],
            update_fields=["uri", "kid", "seen", "token", "built_at"],
        )

    def _token(self, part: Part, bits: bytes, *, at: datetime) -> bytes:
        return build_status_list(
            issuer=settings.ISSUER,
            uri=part.uri,
            bits=bits,
            issued_at=int(at.timestamp()),
            expires_at=int((at + LIFETIME).timestamp()),
            ttl_seconds=int(TTL.total_seconds()),
            kid=self.signer.kid,
            algorithm=self.signer.algorithm,
            signer=self.signer.sign,
        )


def _day_of_oldest_code(at: datetime) -> date:
    longest_life = max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS)
    return day_of(at - timedelta(seconds=longest_life))


def _living(first: date) -> QuerySet[StatusList]:
    return StatusList.objects.filter(day__gte=first)


def _open_parts(first: date, today: date, tomorrow: date) -> list[Part]:
    """Return these days' parts, and add what today and tomorrow need for all people."""
    parts = parts_of(first, tomorrow)
    people = Person.objects.aggregate(last=Max("id"))["last"] or 0
    for day in (today, tomorrow):
        parts += further_parts(day, [part for part in parts if part.day == day], people)
    return parts

"""Editions of the status lists: those of the days whose codes are still alive, built and signed.

A list goes on from the one before it: what an edition costs follows the changes since the last.
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
"""How soon verifiers should fetch a list again."""

LIFETIME: Final = timedelta(days=1)
"""How long a list counts when no newer one can be had."""

SIGN_AGAIN_AFTER: Final = timedelta(minutes=5)
"""How old an unchanged list may grow, so that doors see how fresh their knowledge is."""

PATIENCE: Final = timedelta(seconds=1)
"""How long one waits for its turn who may leave it to the publisher at work."""


def publish_unless_busy(*, at: datetime) -> int:
    """As `publish`; 0 at once, when another publisher is at work and not soon through.

    Whoever built something looks once more afterwards, so what made this one come is not lost.
    """
    try:
        return publish(at=at, patience=PATIENCE)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return 0
        raise


def publish(*, at: datetime, patience: timedelta = timedelta()) -> int:
    """Bring all status lists of living codes up to date; how many were built anew.

    Publishers take turns, so that no list ever goes back to what an earlier one saw.

    Args:
        patience: how long to wait for a lock that another publisher holds; zero is for ever.

    Raises:
        DoesNotSign: this process has no secret, or no key signs now.
        OperationalError: the lock was not to be had in time.
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
    """The lists as they are to be published at `at`, telling of what `snapshot` shows.

    `first` is the day of the oldest code alive; `held` are the lists before, of the `parts` that
    had one. An edition is opened, built and closed, once and in this order.
    """

    signer: Signer
    at: datetime
    snapshot: DatabaseSnapshot
    first: date
    held: Mapping[Part, StatusList]
    parts: Sequence[Part]

    @classmethod
    def open(cls, *, signer: Signer, at: datetime) -> Self:
        """See what there is to go on from, and which lists there shall be.

        Tomorrow's lists are opened today, so that midnight finds them at the verifiers already.
        """
        snapshot = DatabaseSnapshot.now()
        first, today = _day_of_oldest_code(at), day_of(at)
        held = {Part.of(row): row for row in _living(first).defer("token")}
        parts = _open_parts(first, today, today + timedelta(days=1))
        return cls(signer, at, snapshot, first, held, parts)

    def build(self) -> int:
        """Build the lists that say something new or grow old; how many."""
        built = 0
        for seen, parts in self._by_what_they_know().items():
            superseded = self._read(seen, parts)
            built += sum(self._renew(part, superseded) for part in parts)
        return built

    def close(self) -> None:
        """Note what all living lists know now, and drop those that have been kept long enough."""
        _living(self.first).update(seen=self.snapshot.text)
        # Scans can be led back to people only by the shape of the lists that they name.
        kept = timedelta(days=settings.SCAN_RETENTION_DAYS)
        StatusList.objects.filter(day__lt=self.first - kept).delete()

    def _by_what_they_know(self) -> Mapping[DatabaseSnapshot | None, list[Part]]:
        """The parts by the snapshot that their lists go on from; None: from none.

        All but those that are new know the same, unless somebody put them there by hand.
        """
        groups: dict[DatabaseSnapshot | None, list[Part]] = defaultdict(list)
        for part in self.parts:
            row = self.held.get(part)
            groups[self._seen_by(row) if row else None].append(part)
        return groups

    def _seen_by(self, row: StatusList) -> DatabaseSnapshot | None:
        """What a list knows; None when it cannot go on and is to be built from nothing."""
        seen = DatabaseSnapshot(row.seen)
        return seen if self.snapshot.continues(seen) else None

    def _read(self, seen: DatabaseSnapshot | None, parts: Sequence[Part]) -> Superseded:
        """What is news to parts that all know what was in `seen`."""
        since = min(part.day for part in parts)
        if seen is None:
            return read_superseded(since=since)
        seen_at = min(self.held[part].built_at for part in parts)
        return read_superseded(since=since, seen=seen, seen_at=seen_at)

    def _renew(self, part: Part, superseded: Superseded) -> bool:
        """Build a part's list from the one before it, if it says something new or grows old."""
        earlier = self.held.get(part)
        due = earlier is None or earlier.uri != part.uri or self._is_due(earlier)
        ended, taken_over = superseded.ended_in(part), superseded.taken_over_in(part)
        if not (ended or taken_over or due):
            return False
        before = b""
        if earlier and self._seen_by(earlier):
            before = unverified(bytes(earlier.token)).bits
        bits = status_bits(
            part.size,
            earlier=before,
            taken_over=part.indexes_of(taken_over),
            superseded=part.indexes_of(ended),
        )
        if bits == before and not due:
            return False
        # Verifiers keep the younger of two lists, and one that waited for its turn knows no less.
        self._store(part, bits, at=max(self.at, earlier.built_at) if earlier else self.at)
        return True

    def _is_due(self, earlier: StatusList) -> bool:
        """Whether a list is to be signed again even if it says nothing new."""
        grown_old = self.at - earlier.built_at >= SIGN_AGAIN_AFTER
        other_key = bytes(earlier.kid) != self.signer.kid
        return grown_old or other_key or not self._seen_by(earlier)

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
    """The parts of these days, with what today and tomorrow need for the people there are."""
    parts = parts_of(first, tomorrow)
    people = Person.objects.aggregate(last=Max("id"))["last"] or 0
    for day in (today, tomorrow):
        parts += further_parts(day, [part for part in parts if part.day == day], people)
    return parts

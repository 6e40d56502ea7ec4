"""The status lists of the days whose codes are still alive, built and signed.

A list goes on from the one before it: what a publication costs follows the changes since the last.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from psycopg2.errors import LockNotAvailable

from accounts.models import Person
from healthcode.codes import status, superseded
from healthcode.codes.keys import Signer, keyring
from healthcode.codes.models import StatusList
from healthcode.codes.status import Part
from healthcode.codes.superseded import Superseded
from healthcode.core import build_status_list, status_bits
from healthcode.core.status import unverified
from healthcode.web.days import day_of

TTL: Final = timedelta(seconds=30)
"""How soon verifiers should fetch a list again."""

LIFETIME: Final = timedelta(days=1)
"""How long a list counts when no newer one can be had."""

SIGN_AGAIN_AFTER: Final = timedelta(minutes=5)
"""How old an unchanged list may grow, so that doors see how fresh their knowledge is."""

PATIENCE: Final = timedelta(seconds=1)
"""How long one waits for its turn who may leave it to the publisher at work."""

_LOCK = 0x5354_4C53  # "STLS": the advisory lock that publishers take in turn


@dataclass(frozen=True, slots=True)
class Edition:
    """One publication: who signs, when, and the snapshot of the database that it tells of."""

    signer: Signer
    at: datetime
    seen: str

    def continues(self, earlier: StatusList) -> bool:
        """Whether a list is to go on from this one, and is not to be built from nothing."""
        return superseded.continues(earlier.seen, self.seen)

    def is_due(self, earlier: StatusList) -> bool:
        """Whether a list is to be signed again even if it says nothing new."""
        grown_old = self.at - earlier.built_at >= SIGN_AGAIN_AFTER
        other_key = bytes(earlier.kid) != self.signer.kid
        return grown_old or other_key or not self.continues(earlier)


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

    Tomorrow's lists are opened today, so that midnight finds them at the verifiers already.
    Publishers take turns, so that no list ever goes back to what an earlier one saw.

    Args:
        patience: how long to wait for a lock that another publisher holds; zero is for ever.

    Raises:
        DoesNotSign: this process has no secret, or no key signs now.
        OperationalError: the lock was not to be had in time.
    """
    signer = keyring.signer(at=at)
    first, last = _days(at)
    with transaction.atomic():
        _take_turn(patience)
        edition = Edition(signer=signer, at=at, seen=superseded.snapshot())
        living = StatusList.objects.filter(day__gte=first)
        held = {(row.day, row.part): row for row in living.defer("token")}
        parts = _open_parts(first, last, day_of(at))
        built = 0
        for (seen, seen_at), group in _by_what_they_know(parts, held, edition).items():
            changes = superseded.read(
                since=min(part.day for part in group), seen=seen, seen_at=seen_at
            )
            for part in group:
                built += _build(part, held.get((part.day, part.number)), changes, edition)
        living.update(seen=edition.seen)
        # Scans can be led back to people only by the shape of the lists that they name.
        kept = timedelta(days=settings.SCAN_RETENTION_DAYS)
        StatusList.objects.filter(day__lt=first - kept).delete()
    return built


def _days(at: datetime) -> tuple[date, date]:
    """The first and the last day that need lists: of the oldest code alive, and tomorrow."""
    oldest = at - timedelta(seconds=max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS))
    return day_of(oldest), day_of(at) + timedelta(days=1)


def _take_turn(patience: timedelta) -> None:
    with connection.cursor() as cursor:
        milliseconds = str(int(patience.total_seconds() * 1000))
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [milliseconds])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _open_parts(first: date, last: date, today: date) -> list[Part]:
    parts = status.parts_of(first, last)
    people = Person.objects.aggregate(last=Max("id"))["last"] or 0
    for day in (today, last):
        parts += status.further_parts(day, [part for part in parts if part.day == day], people)
    return parts


def _by_what_they_know(
    parts: Iterable[Part], held: Mapping[tuple[date, int], StatusList], edition: Edition
) -> dict[tuple[str | None, datetime | None], list[Part]]:
    """The parts by the snapshot that they go on from, and an instant before it; None: from none.

    All but those that are new know the same, unless somebody put them there by hand.
    """
    groups: dict[str | None, list[Part]] = defaultdict(list)
    oldest: dict[str | None, datetime | None] = {None: None}
    for part in parts:
        row = held.get((part.day, part.number))
        if row is None or not edition.continues(row):
            groups[None].append(part)
            continue
        groups[row.seen].append(part)
        oldest[row.seen] = min(oldest.get(row.seen) or row.built_at, row.built_at)
    return {(seen, oldest[seen]): group for seen, group in groups.items()}


def _build(part: Part, earlier: StatusList | None, changes: Superseded, edition: Edition) -> bool:
    """Build the list from the one before it, if it says something new or grows old; whether so."""
    ended, taken_over = changes.ended_in(part), changes.taken_over_in(part)
    if earlier and not ended and not taken_over and not edition.is_due(earlier):
        return False
    before = b""
    if earlier and edition.continues(earlier):
        before = unverified(bytes(earlier.token)).bits
    bits = status_bits(
        part.places,
        earlier=before,
        taken_over=part.places_of(taken_over),
        superseded=part.places_of(ended),
    )
    if earlier and bits == before and not edition.is_due(earlier):
        return False
    # Verifiers keep the younger of two lists, and one that waited for its turn knows no less.
    at = max(edition.at, earlier.built_at) if earlier else edition.at
    _store(part, _token(part, bits, edition.signer, at), edition, at)
    return True


def _token(part: Part, bits: bytes, signer: Signer, at: datetime) -> bytes:
    return build_status_list(
        issuer=settings.ISSUER,
        uri=part.uri,
        bits=bits,
        issued_at=int(at.timestamp()),
        expires_at=int((at + LIFETIME).timestamp()),
        ttl_seconds=int(TTL.total_seconds()),
        kid=signer.kid,
        algorithm=signer.algorithm,
        signer=signer.sign,
    )


def _store(part: Part, token: bytes, edition: Edition, at: datetime) -> None:
    row = StatusList(
        day=part.day,
        part=part.number,
        first_person=part.first_person,
        places=part.places,
        kid=edition.signer.kid,
        seen=edition.seen,
        token=token,
        built_at=at,
    )
    StatusList.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["day", "part"],
        update_fields=["kid", "seen", "token", "built_at"],
    )

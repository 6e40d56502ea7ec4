"""Put looks at people into the public log: one leaf for each area and hour.

A look gets its digest in its own transaction. The leaf follows after the hour, so that it does not
tell when exactly somebody looked.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from django.db import connection, transaction

from healthcode.acts.kinds import LookKind
from healthcode.acts.log import tree
from healthcode.acts.log.entries import CITY_DIGITS, append_leaf
from healthcode.acts.models import LogLeaf, LookDigest, PersonLook
from healthcode.core.log.batches import place_of, root_of
from healthcode.core.log.leaves import canonical, record_digest
from healthcode.core.log.proofs import KeptProof

KIND: Final = "looks"
KEPT_FOR: Final = timedelta(days=365)
HOUR: Final = timedelta(hours=1)
STORED_WITHIN: Final = timedelta(minutes=5)
"""How long the leaf waits after the hour for looks that are just being stored. A look that comes
later still gets a leaf of its own.
"""

_PLACE: Final = """
UPDATE acts_lookdigest SET leaf_id = %s, place = placed.number - 1
  FROM unnest(%s::bigint[]) WITH ORDINALITY AS placed (look, number)
 WHERE acts_lookdigest.look = placed.look
"""


def look_record(look: PersonLook) -> bytes:
    """Return the canonical record of a look, as RFC 8785 writes it.

    The ground of a look at contacts is about the case and not about the person, who gets the
    record. So the record lacks it.
    """
    return canonical(
        {
            "account": look.account_id,
            "area": look.area,
            "at": _instant(look.at),
            "ground": None if look.what == LookKind.CONTACTS else look.ground,
            "ground_kind": look.ground_kind,
            "hidden_until": _instant(look.hidden_until) if look.hidden_until else None,
            "number": look.pk,
            "person": look.person_id,
            "role": look.role,
            "what": look.what,
        }
    )


def look_digest(look: PersonLook) -> bytes:
    """Return the digest of a look and its salt."""
    return bytes.fromhex(record_digest(bytes(look.salt or b""), look_record(look)))


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour, in UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def store_digests(looks: Iterable[PersonLook]) -> None:
    """Store the digests of new looks, in the transaction that records them."""
    LookDigest.objects.bulk_create(
        LookDigest(
            look=look.pk,
            area=look.area[:CITY_DIGITS],
            hour=hour_of(look.at),
            digest=look_digest(look),
        )
        for look in looks
    )


@transaction.atomic
def log_looks(*, at: datetime) -> int:
    """Append a leaf for the looks of each area and hour that is over; return how many leaves.

    Two processes do not log the same look, because they lock the rows.
    """
    ended = hour_of(at - STORED_WITHIN) - HOUR
    waiting = LookDigest.objects.filter(leaf=None, hour__lte=ended).select_for_update()
    leaves = 0
    for (hour, area), group in groupby(
        waiting.order_by("hour", "area", "look"), lambda row: (row.hour, row.area)
    ):
        _append(hour, area, list(group))
        leaves += 1
    return leaves


def proof_of_look(look: PersonLook) -> KeptProof | None:
    """Return the proof of a look with its record; None until the public log contains it.

    Only the person concerned and the audit may get it. Raises LogFault if rows of the log are
    missing.
    """
    row = LookDigest.objects.select_related("leaf").filter(look=look.pk).first()
    if row is None or row.leaf is None or row.place is None:
        return None
    return tree.proof_of_leaf(
        row.leaf,
        salt=bytes(look.salt or b""),
        record=look_record(look),
        place=place_of(row.place, digests_of(row.leaf)),
    )


def digests_of(leaf: LogLeaf) -> list[bytes]:
    """Return the digests of the looks of a leaf, in their order."""
    rows = LookDigest.objects.filter(leaf=leaf).order_by("place")
    return [bytes(digest) for digest in rows.values_list("digest", flat=True)]


def _append(hour: datetime, area: str, rows: list[LookDigest]) -> None:
    leaf = append_leaf(
        kind=KIND,
        number=rows[0].look,
        area=area,
        count=len(rows),
        digest=root_of([bytes(row.digest) for row in rows]).hex(),
        at=hour,
    )
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [leaf.pk, [row.look for row in rows]])


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")

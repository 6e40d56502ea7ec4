"""Append leaves to the public log.

A leaf gets its position later, so that writers do not wait for each other (see `sequencer`).
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from healthcode.acts.models import Act, LogLeaf
from healthcode.core.log.leaves import SALT_BYTES, Leaf, canonical, people, record_digest

CITY_DIGITS: Final = 4
AT_ONCE: Final = 1000


def plain(detail: Mapping[str, object]) -> dict[str, Any]:
    """Return the detail of an act as the database gives it back.

    Raises ValueError for a value that could come back in another form, such as 0.5 or 1e3, or for
    a name that is not ASCII.
    """
    read: dict[str, Any] = json.loads(json.dumps(detail, ensure_ascii=False, allow_nan=False))
    _require_plain(read)
    return read


def act_record(act: Act, areas: Iterable[tuple[str, int]]) -> bytes:
    """Return the canonical record of an act: everything that its rows say, as RFC 8785 writes it.

    Args:
        areas: where the act is filed, and how many people of each area changed colour by it.
    """
    return canonical(
        {
            "account": act.account_id,
            "area": act.area,
            "areas": [{"area": area, "people": count} for area, count in sorted(areas)],
            "at": act.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "confirmed_by": act.confirmed_by_id,
            "detail": act.detail,
            "ground": act.ground,
            "ground_kind": act.ground_kind,
            "kind": act.kind,
            "number": act.pk,
            "people_after": act.people_after,
            "people_before": act.people_before,
            "role": act.role,
            "worse": act.worse,
        }
    )


def areas_of(act: Act) -> list[tuple[str, int]]:
    """Return where an act is filed, and how many people of each area changed colour by it."""
    return [(row.area, row.people) for row in act.areas.all()]


def act_leaf(act: Act, digest: str) -> Leaf:
    """Return what the public log says about an act whose record has this digest."""
    return leaf_of(
        kind=act.kind,
        number=act.pk,
        area=act.area,
        count=sum(act.people_before or ()),
        digest=digest,
        at=act.at,
    )


def leaf_of(*, kind: str, number: int, area: str, count: int, digest: str, at: datetime) -> Leaf:
    """Return the leaf for what happened at `at`: the area only to the city, people as a band."""
    return Leaf(number, minute_of(at), kind, area[:CITY_DIGITS], people(count), digest)


def minute_of(at: datetime) -> str:
    """Return the minute of an instant, as a leaf says it."""
    return at.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")


def append_leaf(
    *,
    kind: str,
    number: int,
    area: str,
    count: int,
    digest: str,
    at: datetime,
) -> LogLeaf:
    """Append the leaf of something that is no act, such as a batch, in the caller's transaction.

    Args:
        kind: what happened, in lower-case words with hyphens; the kinds of acts are taken.
        number: from 1, unique among the leaves of this kind.
        area: GB/T 2260 code, short form; the leaf says it to the city.
        count: how many people it is about; the leaf says a band below 100.
        digest: SHA-256 in hex of what the caller can show later, such as the root of a batch.

    Raises IntegrityError if there is a leaf for this number already.
    """
    leaf = leaf_of(kind=kind, number=number, area=area, count=count, digest=digest, at=at)
    row = _row(leaf, at)
    row.save(force_insert=True)
    return row


def append_act(act: Act, areas: Mapping[str, int]) -> None:
    """Append the leaf of an act, in the transaction that records it."""
    act_row(act, areas.items()).save(force_insert=True)


def append_older_acts() -> int:
    """Append a leaf for each act that has none, in batches; return how many there were.

    These are the acts of versions that had no public log.
    """
    appended = 0
    while acts := Act.objects.filter(leaf=None).prefetch_related("areas").order_by("pk")[:AT_ONCE]:
        rows = [act_row(act, areas_of(act)) for act in acts]
        LogLeaf.objects.bulk_create(rows, ignore_conflicts=True)
        appended += len(rows)
    return appended


def act_row(act: Act, areas: Iterable[tuple[str, int]]) -> LogLeaf:
    """Return the leaf of an act with a new salt, not yet stored."""
    salt = secrets.token_bytes(SALT_BYTES)
    row = _row(act_leaf(act, record_digest(salt, act_record(act, areas))), act.at)
    row.salt, row.act = salt, act
    return row


def _row(leaf: Leaf, at: datetime) -> LogLeaf:
    minute = at.replace(second=0, microsecond=0)
    return LogLeaf(kind=leaf.kind, number=leaf.number, minute=minute, entry=leaf.encode())


def _require_plain(value: object) -> None:
    match value:
        case dict():
            for name, member in value.items():
                if not name.isascii():
                    raise ValueError(f"the name {name} in the detail of an act is not ASCII")
                _require_plain(member)
        case list():
            for member in value:
                _require_plain(member)
        case float():
            raise ValueError(f"{value} in the detail of an act is not a whole number")
        case _:
            pass

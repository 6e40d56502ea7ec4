"""A leaf of the public log says what was done, but not to whom.

A leaf is JSON as RFC 8785 writes it.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from healthcode.core import strict_json
from healthcode.core.errors import MalformedLog, ProofFails
from healthcode.core.grammar import MAX_NUMBER
from healthcode.core.instants import read_instant

SALT_BYTES: Final = 16
People: TypeAlias = int | str
"""The number of people of a leaf: a band below 100, the exact number from 100 on."""

_EXACT_FROM: Final = 100
_BANDS: Final = {"0": range(1), "1-9": range(1, 10), "10-99": range(10, _EXACT_FROM)}
_KIND: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_AREA: Final = re.compile(r"(?:[0-9]{2}){0,2}")
_MINUTE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the public log: that an act or a batch of acts happened.

    Attributes:
        number: the number of the act or batch, from 1. It is unique among the leaves of one kind.
        minute: when it happened, in UTC, such as 2020-02-24T08:12Z.
        kind: what was done, such as levels-published.
        area: GB/T 2260 code of the province or city; empty for the whole country.
        people: how many people it is about.
        digest: the digest of the full record and a salt, in hex (see `record_digest`).
    """

    number: int
    minute: str
    kind: str
    area: str
    people: People
    digest: str

    @property
    def begins(self) -> int:
        """Return when the minute begins, in seconds since 1970. Raises ValueError if it cannot."""
        return int(read_instant(f"{self.minute.removesuffix('Z')}:00Z").timestamp())

    def encode(self) -> bytes:
        """Return the leaf as the bytes in the tree."""
        return canonical(asdict(self))


def decode_leaf(data: bytes) -> Leaf:
    """Read the leaf in these bytes.

    Raises MalformedLog if a member is missing, unknown or has a value that no leaf has, or if the
    bytes are not the only encoding of this leaf.
    """
    said = strict_json.load(data, MalformedLog)
    try:
        leaf = Leaf(**said)
    except TypeError as error:
        raise MalformedLog("a leaf has other members") from error
    fits = (
        _is_number(leaf.number)
        and all(isinstance(text, str) for text in (leaf.minute, leaf.kind, leaf.area, leaf.digest))
        and _MINUTE.fullmatch(leaf.minute)
        and _KIND.fullmatch(leaf.kind)
        and _AREA.fullmatch(leaf.area)
        and _DIGEST.fullmatch(leaf.digest)
        and _is_people(leaf.people)
    )
    if not fits or leaf.encode() != data or not _is_minute(leaf):
        raise MalformedLog("a leaf says what no leaf says")
    return leaf


def people(count: int) -> People:
    """Return what a leaf says for `count` people; below 100 only a band."""
    if count >= _EXACT_FROM:
        return count
    return next(name for name, band in _BANDS.items() if count in band)


def record_digest(salt: bytes, record: bytes) -> str:
    """Return the digest in hex. The salt keeps others from guessing what the record says."""
    return hashlib.sha256(salt + record).hexdigest()


def check_record(leaf: Leaf, *, salt: bytes, record: bytes) -> None:
    """Check that the leaf was made for this record. Raises ProofFails."""
    if len(salt) != SALT_BYTES or record_digest(salt, record) != leaf.digest:
        raise ProofFails("the record is not the one of this leaf")


def canonical(value: Any) -> bytes:
    """Return JSON as RFC 8785 writes it; names are ASCII, numbers are whole."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _is_minute(leaf: Leaf) -> bool:
    try:
        return leaf.begins >= 0
    except ValueError:
        return False


def _is_people(value: object) -> bool:
    return value in _BANDS if isinstance(value, str) else _is_number(value, _EXACT_FROM)


def _is_number(value: object, least: int = 1) -> bool:
    return type(value) is int and least <= value <= MAX_NUMBER

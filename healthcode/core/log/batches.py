"""Leaves that stand for many records: their digest is the root of a tree of the records' digests.

So the log has one leaf for a report or an hour, and each record still has a proof of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from healthcode.core.log.leaves import Leaf, record_digest
from healthcode.core.log.merkle import (
    HASH_BYTES,
    ReadHash,
    check_inclusion,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record stands among the records of a leaf, and the hashes up to their root."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


def pieces(digests: bytes | memoryview) -> list[bytes]:
    """Return the digests that stand in these bytes one after the other."""
    data = bytes(digests)
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def root_of(digests: Sequence[bytes]) -> bytes:
    """Return the root of the Merkle tree (RFC 6962) whose leaves are these digests."""
    return root(len(digests), tree_of([leaf_hash(digest) for digest in digests]))


def place_of(index: int, digests: Sequence[bytes]) -> RecordPlace:
    """Return the place of the record whose digest is at `index`.

    Raises ValueError if there is none.
    """
    size = len(digests)
    read = tree_of([leaf_hash(digest) for digest in digests])
    return RecordPlace(index, size, tuple(inclusion_proof(index, size, read)))


def check_place(leaf: Leaf, place: RecordPlace, *, salt: bytes, record: bytes) -> None:
    """Check that the leaf was made for this record and others. Raises ProofFails."""
    digest = bytes.fromhex(record_digest(salt, record))
    check_inclusion(
        leaf=leaf_hash(digest),
        index=place.index,
        size=place.size,
        proof=place.hashes,
        expected=bytes.fromhex(leaf.digest),
    )


def tree_of(hashes: Sequence[bytes]) -> ReadHash:
    """Return a function that reads the tree over these hashes of leaves, from memory."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)  # an odd one is no complete subtree
        levels.append([node_hash(left, right) for left, right in pairs])
    return lambda level, index: levels[level][index]

"""Merkle trees: their hashes and proofs (RFC 6962, section 2.1, the same as in RFC 9162).

A tree of `size` leaves has one root. Hashes are 32 bytes of SHA-256. This module stores no tree. To
make a root or a proof, callers pass a `ReadHash`, which returns the hashes of complete subtrees.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from healthcode.core.errors import ProofFails

HASH_BYTES: Final = 32
LARGEST_TREE: Final = 1 << 63
LONGEST_PROOF: Final = 63
"""How many hashes a proof has at most, of either kind."""
EMPTY_ROOT: Final = hashlib.sha256().digest()

ReadHash: TypeAlias = Callable[[int, int], bytes]
"""`(level, index)`: the hash over the 2**level leaves that begin at index * 2**level."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf. The leading byte 0 keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with these two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, read: ReadHash) -> bytes:
    """Return the root of the first `size` leaves."""
    return _subtree(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadHash) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, lowest hash first.

    Raises ValueError if the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree(middle, end, read))
            end = middle
        else:
            proof.append(_subtree(start, middle, read))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, read: ReadHash) -> list[bytes]:
    """Return the proof that the first `old` leaves of the tree of `new` leaves are the old tree.

    The proof is empty if `old` is 0 or `new`. Raises ValueError if `old` is larger than `new`.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not follow one of {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    while old < end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_subtree(middle, end, read))
            end = middle
        else:
            proof.append(_subtree(start, middle, read))
            start = middle
    # If the old tree is a complete subtree, the proof leaves out its root, because the reader knows
    # it.
    if start:
        proof.append(_subtree(start, end, read))
    return proof[::-1]


def check_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Check the proof that the leaf with this hash is at `index` (RFC 9162, 2.1.3.2).

    Raises ProofFails.
    """
    _require_hashes(leaf, expected, *proof)
    if not 0 <= index < size <= LARGEST_TREE:
        raise ProofFails(f"a tree of {size} leaves has no leaf {index}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise ProofFails("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            node, last = _climb(node, last)
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofFails("the proof is too short")
    if found != expected:
        raise ProofFails("the proof leads to another root")


def check_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check the proof that the new tree begins with the old one (RFC 9162, 2.1.4.2).

    Raises ProofFails.
    """
    _require_hashes(old_root, new_root, *proof)
    if not 0 <= old <= new <= LARGEST_TREE:
        raise ProofFails(f"a tree of {new} leaves does not follow one of {old}")
    if old in (0, new):
        if proof or (old == 0 and old_root != EMPTY_ROOT) or (old == new and old_root != new_root):
            raise ProofFails("the trees differ")
        return
    # A complete old tree would be the first hash of the proof, so the proof leaves it out.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofFails("the proof is too short")
    if _both_roots(old - 1, new - 1, path) != (old_root, new_root):
        raise ProofFails("the proof leads to other roots")


def _both_roots(node: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Follow a consistency proof from leaf `node`, the old tree's last, up to both roots."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old_root = new_root = path[0]
    for sibling in path[1:]:
        if not last:
            raise ProofFails("the proof is too long")
        if node & 1 or node == last:
            old_root, new_root = node_hash(sibling, old_root), node_hash(sibling, new_root)
            node, last = _climb(node, last)
        else:
            new_root = node_hash(new_root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofFails("the proof is too short")
    return old_root, new_root


def _climb(node: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a node at the right edge has no sibling."""
    while node and not node & 1:
        node, last = node >> 1, last >> 1
    return node, last


def _subtree(start: int, end: int, read: ReadHash) -> bytes:
    """Return the hash over leaves `start` to `end`, where `start` is where RFC 6962 splits."""
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(count)
    return node_hash(_subtree(start, middle, read), _subtree(middle, end, read))


def _split(count: int) -> int:
    """Return the largest power of two below `count`, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _require_hashes(*hashes: bytes) -> None:
    if any(len(found) != HASH_BYTES for found in hashes):
        raise ProofFails(f"a hash is not {HASH_BYTES} bytes")

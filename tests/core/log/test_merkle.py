"""Hashes and proofs agree with the definition of RFC 6962, and changed proofs fail."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core.errors import ProofFails
from healthcode.core.log.merkle import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
)
from tests.core.log.trees import tree_hash

ENTRIES = [number.to_bytes(2, "big") for number in range(130)]
SIZES = st.integers(0, len(ENTRIES))


@cache
def read(level: int, index: int) -> bytes:
    return tree_hash(ENTRIES[index << level : (index + 1) << level])


@given(SIZES)
def test_the_root_is_the_one_of_the_definition(size: int) -> None:
    assert root(size, read) == tree_hash(ENTRIES[:size])


@given(st.data())
def test_an_inclusion_proof_proves_its_leaf_at_its_place_alone(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(ENTRIES)))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, read)
    expected = tree_hash(ENTRIES[:size])

    def check(leaf: bytes = ENTRIES[index], at: int = index, path: list[bytes] = proof) -> None:
        check_inclusion(leaf=leaf_hash(leaf), index=at, size=size, proof=path, expected=expected)

    check()
    other = data.draw(st.integers(-1, size).filter(lambda at: at != index))
    for wrong in (
        lambda: check(leaf=b"another"),
        lambda: check(at=other),
        lambda: check(path=[*proof, bytes(32)]),
        lambda: check(path=[bytes(32), *proof]),
    ):
        with pytest.raises(ProofFails):
            wrong()
    for changed in _changed(proof):
        with pytest.raises(ProofFails):
            check(path=changed)


@given(st.data())
def test_a_consistency_proof_proves_these_two_trees_alone(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(0, new))
    proof = consistency_proof(old, new, read)
    roots = tree_hash(ENTRIES[:old]), tree_hash(ENTRIES[:new])

    def check(path: list[bytes] = proof, old_root: bytes = roots[0]) -> None:
        check_consistency(old=old, new=new, old_root=old_root, new_root=roots[1], proof=path)

    check()
    with pytest.raises(ProofFails):
        check(old_root=tree_hash([b"another"]))
    with pytest.raises(ProofFails):
        check(path=[*proof, bytes(32)])
    for changed in _changed(proof):
        with pytest.raises(ProofFails):
            check(path=changed)


def _changed(proof: list[bytes]) -> list[list[bytes]]:
    """Yield the proof without each of its hashes, and with each changed."""
    changed = []
    for at, found in enumerate(proof):
        flipped = bytes([found[0] ^ 1]) + found[1:]
        changed += [proof[:at] + proof[at + 1 :], [*proof[:at], flipped, *proof[at + 1 :]]]
    return changed


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5)])
def test_no_proof_is_made_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(index, size, read)


def test_no_proof_is_made_backwards() -> None:
    with pytest.raises(ValueError, match="does not follow"):
        consistency_proof(5, 4, read)


@pytest.mark.parametrize("size", [31, 33, 0])
def test_a_hash_of_another_length_proves_nothing(size: int) -> None:
    leaf = bytes(size)
    with pytest.raises(ProofFails):
        check_inclusion(leaf=leaf, index=0, size=1, proof=[], expected=leaf)

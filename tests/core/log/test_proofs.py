"""A proof to keep shows that a leaf was logged, and which record it was made for."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core.errors import CoreError, MalformedLog, NotTrusted, ProofFails
from healthcode.core.log.batches import place_of, root_of
from healthcode.core.log.leaves import Leaf, canonical, decode_leaf, people, record_digest
from healthcode.core.log.notes import to_base64
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.proofs import KeptProof, parse_proof, prove
from healthcode.core.trust_list import CLOCK_LEEWAY_SECONDS
from tests.core.log.trees import NOON, ORIGIN, MemoryLog, ed25519

SALT = bytes(range(16))
RECORD = canonical({"kind": "evidence-withdrawn", "number": 7, "ground": "entered twice"})
LEAF = Leaf(
    7, "2020-02-24T04:00Z", "evidence-withdrawn", "3301", "1-9", record_digest(SALT, RECORD)
)
LOG = MemoryLog()
LOG.append(*(f"entry {number}".encode() for number in range(400)), LEAF.encode(), b"later")
NOTE = LOG.note()
POLICY = LogPolicy(tuple(one.key for one in LOG.signers))


def kept(**changes: Any) -> KeptProof:
    proof = KeptProof(LEAF.encode(), 400, tuple(LOG.inclusion(400)), NOTE, SALT, RECORD)
    return dataclasses.replace(proof, **changes)


def test_a_proof_comes_back_and_proves() -> None:
    proof = parse_proof(kept().encode())

    assert proof == kept()
    proven = prove(proof, POLICY, NOON)
    assert (proven.leaf, proven.index, proven.seen.checkpoint.size) == (LEAF, 400, 402)


def test_a_proof_without_the_record_proves_the_leaf() -> None:
    proof = parse_proof(kept(salt=b"", record=b"").encode())

    assert prove(proof, POLICY, NOON).leaf == LEAF


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 399},
        {"hashes": ()},
        {"entry": dataclasses.replace(LEAF, number=8).encode()},
        {"salt": bytes(16)},
        {"record": RECORD.replace(b"twice", b"once!")},
        {"salt": SALT[:15]},
    ],
)
def test_a_changed_proof_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofFails):
        prove(parse_proof(kept(**changes).encode()), POLICY, NOON)


def among(count: int, index: int) -> KeptProof:
    """Return the proof of `RECORD` among `count` records of one leaf."""
    digests = [bytes([number]) * 32 for number in range(count)]
    digests[index] = bytes.fromhex(LEAF.digest)
    leaf = dataclasses.replace(LEAF, digest=root_of(digests).hex())
    log = MemoryLog(LOG.signers)
    log.append(leaf.encode())
    return KeptProof(leaf.encode(), 0, (), log.note(), SALT, RECORD, place=place_of(index, digests))


@given(st.data())
def test_a_record_among_others_proves_the_leaf(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 40))
    kept_proof = among(count, data.draw(st.integers(0, count - 1)))
    proof = parse_proof(kept_proof.encode())
    assert proof == kept_proof
    assert prove(proof, POLICY, NOON).leaf.number == LEAF.number
    assert proof.place is not None
    elsewhere = dataclasses.replace(proof.place, index=(proof.place.index + 1) % (count + 1))
    for changed in ({"record": RECORD + b" "}, {"place": elsewhere}, {"place": None}):
        with pytest.raises(ProofFails):
            prove(dataclasses.replace(proof, **changed), POLICY, NOON)


@pytest.mark.parametrize(
    "place",
    [
        b"7",
        b'{"hashes":[],"index":0}',
        b'{"hashes":[1],"index":0,"size":1}',
        b'{"hashes":"","index":0,"size":1}',
    ],
)
def test_a_place_that_cannot_be_read_is_refused(place: bytes) -> None:
    said = b'{"entry":"{}","place":%b,"record":"{}","salt":""}' % place
    head = b"c2sp.org/tlog-proof@v1\nextra %b\nindex 0\n\n" % to_base64(said).encode()
    with pytest.raises(MalformedLog, match="a place is an index"):
        parse_proof(head + NOTE)


def test_a_leaf_of_a_minute_to_come_proves_nothing() -> None:
    begins = int(LEAF.begins)
    # The log has signed early, so that only the leaf is of the future.
    early = kept(checkpoint=LOG.note(at=begins - 2 * CLOCK_LEEWAY_SECONDS))
    assert prove(early, POLICY, begins - CLOCK_LEEWAY_SECONDS).leaf == LEAF
    with pytest.raises(NotTrusted, match="of a minute to come: 2020-02-24T04:00Z"):
        prove(early, POLICY, begins - CLOCK_LEEWAY_SECONDS - 1)


def test_another_log_proves_nothing() -> None:
    policy = LogPolicy((ed25519(ORIGIN).key,))
    with pytest.raises(NotTrusted):
        prove(kept(), policy, NOON)


def test_what_is_no_leaf_is_not_proven() -> None:
    proof = kept(entry=b"entry 5", index=5, hashes=tuple(LOG.inclusion(5)), salt=b"", record=b"")
    with pytest.raises(MalformedLog):
        prove(proof, POLICY, NOON)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_proof_or_refused(data: bytes) -> None:
    for text in (data, b"c2sp.org/tlog-proof@v1\n" + data, kept().encode()[: len(data)] + data):
        with pytest.raises(CoreError):
            prove(parse_proof(text), POLICY, NOON)


def test_bands_tell_little_of_few() -> None:
    counts = [0, 1, 9, 10, 99, 100, 1317]
    assert [people(count) for count in counts] == ["0", "1-9", "1-9", "10-99", "10-99", 100, 1317]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 0},
        {"number": True},
        {"number": 1.0},
        {"minute": "2020-02-24T04:00:00Z"},
        {"kind": "Evidence"},
        {"area": "330106"},
        {"area": "٣٣"},
        {"people": 99},
        {"people": "100"},
        {"people": ["0"]},
        {"digest": "0" * 63},
        {"digest": "G" * 64},
        {"ground": "because"},
    ],
)
def test_other_members_and_values_are_no_leaf(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedLog):
        decode_leaf(canonical(dataclasses.asdict(LEAF) | changes))


def test_a_leaf_has_one_spelling() -> None:
    assert decode_leaf(LEAF.encode()) == LEAF
    for other in (LEAF.encode() + b" ", LEAF.encode().replace(b":", b": ", 1)):
        with pytest.raises(MalformedLog):
            decode_leaf(other)

"""A witness cosigns only checkpoints that continue what it has seen."""

import pytest

from healthcode.core.errors import CoreError, MalformedLog, NotTrusted, ProofFails
from healthcode.core.log.checkpoints import Checkpoint, open_checkpoint
from healthcode.core.log.notes import Note, parse_note
from healthcode.core.log.policies import LogPolicy, Quorum
from healthcode.core.log.witness import (
    AddCheckpoint,
    OtherSize,
    SplitView,
    UnknownLog,
    cosign,
    encode_request,
    judge,
    parse_request,
)
from tests.core.log.trees import NOON, MemoryLog, ml_dsa


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    log.append(*(str(number).encode() for number in range(300)))
    return log


class Witness:
    """A witness with its stored checkpoints."""

    def __init__(self, name: str, log: MemoryLog) -> None:
        self.signer = ml_dsa(name)
        self.watched = LogPolicy(tuple(one.key for one in log.signers))
        self.last: Checkpoint | None = None

    def add(self, log: MemoryLog, old: int) -> bytes:
        """Ask for a cosignature as a log does; return the note with it."""
        body = encode_request(AddCheckpoint(old, tuple(log.consistency(old)), log.note()))
        return self.take(body)

    def take(self, body: bytes) -> bytes:
        request = parse_request(body)
        self.last = judge(request, last=self.last, watched=self.watched, at=NOON)
        note = parse_note(request.note)
        added = cosign(request.note, [self.signer], NOON)
        return str(Note(note.text, note.signatures + added)).encode()


def test_a_log_that_grows_is_cosigned_each_time(log: MemoryLog) -> None:
    witness = Witness("shanghai.example/witness", log)
    witness.add(log, 0)
    log.append(b"one more")

    note = witness.add(log, 300)

    keys = tuple(one.key for one in log.signers)
    policy = LogPolicy(keys, {"one": witness.signer.key}, Quorum(1, ("one",)))
    assert open_checkpoint(note, policy, NOON).checkpoint.size == 301
    assert witness.last == log.checkpoint()
    # The same checkpoint again gets a newer cosignature.
    assert witness.add(log, 301)


def test_a_split_view_between_two_witnesses_is_detected(log: MemoryLog) -> None:
    """The log shows each witness another history; a comparison of the two reveals it."""
    fork = MemoryLog(log.signers, entries=list(log.entries), files=dict(log.files))
    one, other = Witness("one.example", log), Witness("other.example", log)
    for witness in (one, other):
        witness.add(log, 0)
    log.append(b"what was done")
    fork.append(b"what was not done")
    one.add(log, 300)
    other.add(fork, 300)

    assert one.last != other.last
    with pytest.raises(SplitView):
        one.add(fork, 301)
    with pytest.raises(SplitView):
        other.add(log, 301)
    log.append(b"later")
    with pytest.raises(ProofFails):
        other.add(log, 301)


def test_a_fork_is_refused_at_two_witnesses_of_three(log: MemoryLog) -> None:
    fork = MemoryLog(log.signers, entries=list(log.entries), files=dict(log.files))
    witnesses = [Witness(f"{name}.example", log) for name in ("shanghai", "jiangsu", "anhui")]
    for witness in witnesses:
        witness.add(log, 0)
    log.append(b"what was done")
    fork.append(b"what was not done")
    for witness in witnesses[:2]:
        witness.add(log, 300)
    note = witnesses[2].add(fork, 300)
    keys = tuple(one.key for one in log.signers)
    by_name = {one.signer.key.name: one.signer.key for one in witnesses}
    policy = LogPolicy(keys, by_name, Quorum(2, tuple(by_name)))

    for witness in witnesses[:2]:
        with pytest.raises(SplitView):
            witness.add(fork, 301)
    with pytest.raises(NotTrusted, match="too few"):
        open_checkpoint(note, policy, NOON)


def test_a_log_that_goes_backwards_is_refused(log: MemoryLog) -> None:
    witness = Witness("shanghai.example/witness", log)
    witness.add(log, 0)
    back = encode_request(AddCheckpoint(200, (), log.note(200)))
    with pytest.raises(OtherSize) as told:
        witness.take(back)
    assert told.value.size == 300
    with pytest.raises(MalformedLog, match="smaller"):
        witness.take(encode_request(AddCheckpoint(300, (), log.note(200))))


def test_another_log_and_another_key_are_refused(log: MemoryLog) -> None:
    witness = Witness("shanghai.example/witness", log)
    stranger = MemoryLog(origin="stranger.example/log")
    stranger.append(b"one")
    with pytest.raises(UnknownLog):
        witness.add(stranger, 0)
    posing = MemoryLog()
    posing.append(b"one")
    with pytest.raises(NotTrusted):
        witness.add(posing, 0)
    assert witness.last is None


def test_an_empty_log_is_cosigned_and_grows(log: MemoryLog) -> None:
    empty = MemoryLog(log.signers)
    witness = Witness("shanghai.example/witness", log)
    witness.add(empty, 0)
    witness.add(log, 0)
    assert witness.last == log.checkpoint()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5\n",
        b"old 05\n\nx",
        b"older 5\n\nx",
        b"old 5\nAAAA\n\nx",
        "old ٥\n\nx".encode(),
        b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\nx",
        b"old 0\n\n" + bytes(1 << 18),
    ],
)
def test_other_bodies_are_no_requests(body: bytes) -> None:
    with pytest.raises(CoreError):
        parse_request(body)

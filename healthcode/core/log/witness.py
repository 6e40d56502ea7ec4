"""A witness cosigns a checkpoint only if it continues the last one (C2SP tlog-witness).

A witness stores one checkpoint for each log. `judge` makes the whole decision. The caller holds a
lock from reading the last checkpoint until it has stored the next one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from healthcode.core.errors import CoreError, MalformedLog, ProofFails
from healthcode.core.log.checkpoints import (
    Checkpoint,
    NoteSigner,
    open_checkpoint,
    parse_checkpoint,
    read_hash,
    read_size,
    sign_text,
)
from healthcode.core.log.merkle import EMPTY_ROOT, LONGEST_PROOF, check_consistency
from healthcode.core.log.notes import Note, Signature, parse_note, to_base64
from healthcode.core.log.policies import LogPolicy

LARGEST_REQUEST: Final = 1 << 18
SIZE_TYPE: Final = "text/x.tlog.size"
"""The media type of an answer that says which size the witness has seen."""


class UnknownLog(CoreError):
    """Raised for a checkpoint of a log that this witness does not watch."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size from which it continues, the proof, and the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


class OtherSize(CoreError):
    """Raised if the request continues another size than the last that the witness has seen."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the last checkpoint that this witness has seen has {size} leaves")
        self.size = size


class SplitView(ProofFails):
    """Raised for two checkpoints of one size with different roots: the log shows two histories."""


def parse_request(data: bytes) -> AddCheckpoint:
    """Read the request in this body. Raises MalformedLog."""
    head, found, note = data.partition(b"\n\n")
    if len(data) > LARGEST_REQUEST or not found:
        raise MalformedLog("a request is lines, an empty line and a checkpoint")
    try:
        first, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedLog("the lines of a request are ASCII") from error
    if not first.startswith("old ") or len(hashes) > LONGEST_PROOF:
        raise MalformedLog(f"a request has an old size and at most {LONGEST_PROOF} hashes")
    old = read_size(first.removeprefix("old "))
    return AddCheckpoint(old, tuple(map(read_hash, hashes)), note)


def encode_request(request: AddCheckpoint) -> bytes:
    """Return the body of a request."""
    hashes = "".join(f"{to_base64(found)}\n" for found in request.proof)
    return f"old {request.old}\n{hashes}\n".encode() + request.note


def judge(
    request: AddCheckpoint,
    *,
    last: Checkpoint | None,
    watched: LogPolicy,
    at: int,
) -> Checkpoint:
    """Decide whether the witness may cosign the checkpoint in a request; return the checkpoint.

    The caller stores the returned checkpoint and passes it as `last` with the next request about
    this log.

    Args:
        last: the last checkpoint that the witness cosigned for this log; None before the first.
        watched: the logs that the witness watches, with their keys. This log policy must say
            `quorum none`, so that it requires no other witnesses.

    Raises:
        MalformedLog: (400) the request has no valid checkpoint, or the checkpoint is smaller than
            the old size (`request.old`), from which the proof continues.
        UnknownLog: (404) the witness does not watch this log.
        NotTrusted: (403) the log has not signed the checkpoint, or signed it in the future.
        NotGenuine: (403) a signature of a key of the log is not genuine.
        OtherSize: (409) the old size is not the last size that the witness has seen. The error
            names the last size.
        SplitView: (422) the size is the last one that the witness has seen, but the root is
            different.
        ProofFails: (422) the new log does not begin with the leaves of the old log.
    """
    claimed = parse_checkpoint(parse_note(request.note).text)
    if not watched.keys_of(claimed.origin):
        raise UnknownLog(f"this witness does not watch the log {claimed.origin}")
    checkpoint = open_checkpoint(request.note, watched, at).checkpoint
    if request.old > checkpoint.size:
        raise MalformedLog("the checkpoint is smaller than the size to go on from")
    seen = last.size if last else 0
    if request.old != seen:
        raise OtherSize(seen)
    root = last.root if last else EMPTY_ROOT
    if checkpoint.size == seen and checkpoint.root != root:
        raise SplitView(f"two checkpoints of {seen} leaves have different roots")
    check_consistency(
        old=seen,
        new=checkpoint.size,
        old_root=root,
        new_root=checkpoint.root,
        proof=request.proof,
    )
    return checkpoint


def note_to_keep(note: bytes, watched: LogPolicy, cosignatures: Iterable[Signature]) -> bytes:
    """Return a checkpoint that `judge` accepted with the signatures of its log and these.

    It leaves out signatures of unknown keys, because anybody can add those.
    """
    signed = parse_note(note)
    keys = watched.keys_of(parse_checkpoint(signed.text).origin)
    known = (line for line in signed.signatures if any(key.made(line) for key in keys))
    return str(Note(signed.text, (*known, *cosignatures))).encode()


def cosign(note: bytes, signers: Iterable[NoteSigner], at: int) -> tuple[Signature, ...]:
    """Return the witness's signatures on a checkpoint that `judge` accepted, one for each key."""
    text = parse_note(note).text
    return tuple(sign_text(text, signer, at) for signer in signers)

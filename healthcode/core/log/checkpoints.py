"""Checkpoints: the signed state of a log, and who else has seen it (C2SP tlog-checkpoint).

The log signs each checkpoint twice: with Ed25519, which every client of such logs can verify, and
with ML-DSA-44, which a quantum computer cannot forge. Witnesses add cosignatures (C2SP
tlog-cosignature). With a cosignature, a witness says that it has seen no other history of this log.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from healthcode.core.errors import MalformedLog, NotTrusted
from healthcode.core.log.merkle import HASH_BYTES, LARGEST_TREE
from healthcode.core.log.notes import (
    Note,
    NoteKey,
    Signature,
    SignatureType,
    from_base64,
    genuine,
    parse_note,
    to_base64,
)
from healthcode.core.log.policies import LogPolicy
from healthcode.core.trust_list import CLOCK_LEEWAY_SECONDS

_TIMESTAMP_BYTES: Final = 8
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The number of leaves of a log, and the root of its tree. `origin` names the log."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A key, and the function that signs with it, so that the private key may live anywhere."""

    key: NoteKey
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """A genuine checkpoint, and when each witness of the policy saw it, in seconds since 1970."""

    checkpoint: Checkpoint
    witnessed: Mapping[str, int]


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the checkpoint in the text of a note; it ignores lines after the third.

    Raises MalformedLog.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise MalformedLog("a checkpoint has at least three lines, none of them empty")
    origin, size, encoded = lines[:3]
    root = read_hash(encoded)
    return Checkpoint(origin, read_size(size), root)


def read_size(text: str) -> int:
    """Return the number of leaves. Raises MalformedLog."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_TREE:
        raise MalformedLog("not the size of a log")
    return int(text)


def read_hash(text: str) -> bytes:
    """Return the hash that a line spells in Base64. Raises MalformedLog."""
    data = from_base64(text)
    if len(data) != HASH_BYTES:
        raise MalformedLog(f"a hash has {HASH_BYTES} bytes")
    return data


def sign_text(text: str, signer: NoteSigner, at: int) -> Signature:
    """Return a signature on the text of a checkpoint, made at `at` in seconds since 1970."""
    key = signer.key
    signature = signer.sign(_message(key, text, at))
    stamp = b"" if key.kind is SignatureType.ED25519 else at.to_bytes(_TIMESTAMP_BYTES, "big")
    return Signature(key.name, key.key_id, stamp + signature)


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[NoteSigner], at: int) -> Note:
    """Return the checkpoint signed by each of the log's own keys."""
    text = str(checkpoint)
    return Note(text, tuple(sign_text(text, signer, at) for signer in signers))


def open_checkpoint(data: bytes, policy: LogPolicy, at: int) -> SeenCheckpoint:
    """Read a signed checkpoint and verify its signatures under a policy.

    A log that the policy names must have signed it, and enough witnesses of the policy must have
    seen it.

    Raises:
        MalformedLog: this is not a checkpoint.
        NotGenuine: a signature of a known key is not genuine.
        NotTrusted: the checkpoint belongs to another log, its log has not signed it, too few
            witnesses have seen it, or a signature is dated in the future.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    keys = policy.keys_of(checkpoint.origin)
    if not keys:
        raise NotTrusted(f"the log {checkpoint.origin} is not known here")
    signed = _genuine(note, keys)
    if not signed:
        raise NotTrusted("the log has not signed this checkpoint with a key that is known here")
    dated = (_time(line) for key, line in signed if key.kind is not SignatureType.ED25519)
    if max(dated, default=0) > at + CLOCK_LEEWAY_SECONDS:
        raise NotTrusted("the log says that it signed this checkpoint in the future")
    times = {key.identity: _time(line) for key, line in _genuine(note, policy.witnesses.values())}
    witnessed = {
        name: times[key.identity] for name, key in policy.witnesses.items() if key.identity in times
    }
    for name, seen in witnessed.items():
        if seen > at + CLOCK_LEEWAY_SECONDS:
            raise NotTrusted(f"the witness {name} says that it saw this checkpoint in the future")
    if not policy.quorum.is_met(witnessed):
        names = ", ".join(witnessed) or "no witness"
        raise NotTrusted(f"too few witnesses have seen this checkpoint: {names}")
    return SeenCheckpoint(checkpoint, witnessed)


def _genuine(note: Note, keys: Iterable[NoteKey]) -> tuple[tuple[NoteKey, Signature], ...]:
    return genuine(note, keys, lambda key, line: _verifies(key, line, note.text))


def _time(signature: Signature) -> int:
    return int.from_bytes(signature.data[:_TIMESTAMP_BYTES], "big")


def _verifies(key: NoteKey, signature: Signature, text: str) -> bool:
    if key.kind is SignatureType.ED25519:
        return key.verifies(signature.data, text.encode())
    made = signature.data[_TIMESTAMP_BYTES:]
    return key.verifies(made, _message(key, text, _time(signature)))


def _message(key: NoteKey, text: str, at: int) -> bytes:
    """Return the bytes that a key of this kind signs for the text of a checkpoint."""
    match key.kind:
        case SignatureType.ED25519:
            return text.encode()
        case SignatureType.COSIGNATURE_ED25519:
            return f"cosignature/v1\ntime {at}\n{text}".encode()
        case SignatureType.COSIGNATURE_ML_DSA_44:
            checkpoint = parse_checkpoint(text)
            start = bytes(8)
            return b"".join(
                [
                    b"subtree/v1\n\x00",
                    _short(key.name),
                    at.to_bytes(_TIMESTAMP_BYTES, "big"),
                    _short(checkpoint.origin),
                    start,
                    checkpoint.size.to_bytes(8, "big"),
                    checkpoint.root,
                ]
            )


def _short(text: str) -> bytes:
    """Return the text after its length in one byte (RFC 8446, 3.4)."""
    data = text.encode()
    if not 0 < len(data) < 1 << 8:
        raise MalformedLog("a name of a log or a witness has 1 to 255 bytes")
    return bytes([len(data)]) + data

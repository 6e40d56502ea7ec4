"""A proof to keep: it shows that a leaf is in a log that witnesses have seen (C2SP tlog-proof).

The file is sufficient by itself, without a network. Besides the leaf it may contain the record and
its salt, which only the people concerned receive.
"""

import json
from dataclasses import dataclass
from typing import Final

from healthcode.core import strict_json
from healthcode.core.errors import MalformedLog, NotTrusted
from healthcode.core.log.checkpoints import (
    SeenCheckpoint,
    open_checkpoint,
    read_hash,
    read_size,
)
from healthcode.core.log.leaves import Leaf, check_record, decode_leaf
from healthcode.core.log.merkle import LONGEST_PROOF, check_inclusion, leaf_hash
from healthcode.core.log.notes import from_base64, to_base64
from healthcode.core.log.policies import LogPolicy
from healthcode.core.trust_list import CLOCK_LEEWAY_SECONDS

FILE_NAME_END: Final = ".tlog-proof"
LARGEST_PROOF: Final = 1 << 20
_HEADER: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class KeptProof:
    """The content of a proof file, not verified.

    Attributes:
        checkpoint: the signed note, as the log published it.
        salt: 16 bytes, or empty if the file has no record.
        record: what was done, as the audit has it; empty if the file has none.
    """

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    salt: bytes = b""
    record: bytes = b""

    def encode(self) -> bytes:
        """Return the content of the file."""
        extra = {"entry": self.entry.decode()}
        if self.record:
            extra |= {"record": self.record.decode(), "salt": to_base64(self.salt)}
        lines = [
            _HEADER,
            f"extra {to_base64(json.dumps(extra, ensure_ascii=False, sort_keys=True).encode())}",
            f"index {self.index}",
            *map(to_base64, self.hashes),
            "",
            "",
        ]
        return "\n".join(lines).encode() + self.checkpoint


@dataclass(frozen=True, slots=True)
class Proven:
    """What a genuine proof shows."""

    leaf: Leaf
    index: int
    seen: SeenCheckpoint


def parse_proof(data: bytes) -> KeptProof:
    """Read a proof file without verifying it. Raises MalformedLog."""
    head, found, checkpoint = data.partition(b"\n\n")
    if len(data) > LARGEST_PROOF or not found:
        raise MalformedLog("a proof is lines, an empty line and a checkpoint")
    try:
        header, extra, index, *hashes = head.decode().split("\n")
    except ValueError as error:
        raise MalformedLog("a proof has a header, an entry and an index") from error
    if header != _HEADER or not extra.startswith("extra ") or not index.startswith("index "):
        raise MalformedLog("a proof has a header, an entry and an index")
    if len(hashes) > LONGEST_PROOF:
        raise MalformedLog(f"a proof has at most {LONGEST_PROOF} hashes")
    said = strict_json.load(from_base64(extra.removeprefix("extra ")), MalformedLog)
    entry, record, salt = _texts(said)
    return KeptProof(
        entry.encode(),
        read_size(index.removeprefix("index ")),
        tuple(map(read_hash, hashes)),
        checkpoint,
        from_base64(salt),
        record.encode(),
    )


def prove(proof: KeptProof, policy: LogPolicy, at: int) -> Proven:
    """Verify a proof at the time `at` under `policy`; return what it proves.

    Raises:
        MalformedLog: the entry is not a leaf, or the checkpoint is not a checkpoint.
        NotTrusted: the log has not signed the checkpoint, too few witnesses have seen it, or the
            leaf is of a minute that has not begun.
        ProofFails: the leaf is not in the log, or the record belongs to another leaf.
    """
    seen = open_checkpoint(proof.checkpoint, policy, at)
    check_inclusion(
        leaf=leaf_hash(proof.entry),
        index=proof.index,
        size=seen.checkpoint.size,
        proof=proof.hashes,
        expected=seen.checkpoint.root,
    )
    leaf = decode_leaf(proof.entry)
    if leaf.begins > at + CLOCK_LEEWAY_SECONDS:
        raise NotTrusted(f"the leaf is of a minute to come: {leaf.minute}")
    if proof.record:
        check_record(leaf, salt=proof.salt, record=proof.record)
    return Proven(leaf, proof.index, seen)


def _texts(said: object) -> tuple[str, str, str]:
    if not isinstance(said, dict) or said.keys() not in ({"entry"}, {"entry", "record", "salt"}):
        raise MalformedLog("a proof holds an entry, and a record with its salt or neither")
    texts = said["entry"], said.get("record", ""), said.get("salt", "")
    if not all(isinstance(text, str) for text in texts):
        raise MalformedLog("entry, record and salt are text")
    return texts

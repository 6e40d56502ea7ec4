"""A proof to keep: it shows that a leaf is in a log that witnesses have seen (C2SP tlog-proof).

The file is sufficient by itself, without a network. Besides the leaf it may contain the record and
its salt, which only the people concerned receive. If the leaf stands for many records, the file
also says where the record stands among them.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from healthcode.core import strict_json
from healthcode.core.errors import MalformedLog, NotTrusted, ProofFails
from healthcode.core.log.batches import RecordPlace, check_place
from healthcode.core.log.checkpoints import (
    SeenCheckpoint,
    open_checkpoint,
    read_hash,
    read_size,
)
from healthcode.core.log.leaves import SALT_BYTES, Leaf, check_record, decode_leaf
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
        place: where the record stands, if the leaf stands for many records.
    """

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    salt: bytes = b""
    record: bytes = b""
    place: RecordPlace | None = None

    def encode(self) -> bytes:
        """Return the content of the file."""
        extra: dict[str, Any] = {"entry": self.entry.decode()}
        if self.record:
            extra |= {"record": self.record.decode(), "salt": to_base64(self.salt)}
        if self.place:
            hashes = [to_base64(each) for each in self.place.hashes]
            extra |= {"place": asdict(self.place) | {"hashes": hashes}}
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
    place = _place(said.pop("place", None)) if isinstance(said, dict) else None
    entry, record, salt = _texts(said)
    if place and not record:
        raise MalformedLog("a proof with a place holds the record that stands there")
    return KeptProof(
        entry.encode(),
        read_size(index.removeprefix("index ")),
        tuple(map(read_hash, hashes)),
        checkpoint,
        from_base64(salt),
        record.encode(),
        place,
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
    if proof.record and len(proof.salt) != SALT_BYTES:
        raise ProofFails(f"a salt has {SALT_BYTES} bytes")
    if proof.place:
        check_place(leaf, proof.place, salt=proof.salt, record=proof.record)
    elif proof.record:
        check_record(leaf, salt=proof.salt, record=proof.record)
    return Proven(leaf, proof.index, seen)


def _texts(said: object) -> tuple[str, str, str]:
    if not isinstance(said, dict) or said.keys() not in ({"entry"}, {"entry", "record", "salt"}):
        raise MalformedLog("a proof holds an entry, and a record with its salt or neither")
    texts = said["entry"], said.get("record", ""), said.get("salt", "")
    if not all(isinstance(text, str) for text in texts):
        raise MalformedLog("entry, record and salt are text")
    return texts


def _place(said: Any) -> RecordPlace | None:
    """Read where a record stands among those of its leaf."""
    match said:
        case None:
            return None
        case {"index": int(index), "size": int(size), "hashes": list(hashes)} if (
            len(said) == len(fields(RecordPlace))
            and all(isinstance(each, str) for each in hashes)
            and len(hashes) <= LONGEST_PROOF
        ):
            return RecordPlace(index, size, tuple(map(read_hash, hashes)))
        case _:
            raise MalformedLog("a place is an index, a size and hashes")

"""Trees as RFC 6962 defines them, literally and slowly, and logs kept in memory."""

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from healthcode.core.log import tiles
from healthcode.core.log.checkpoints import Checkpoint, NoteSigner, sign_checkpoint
from healthcode.core.log.merkle import ReadHash, consistency_proof, inclusion_proof, root
from healthcode.core.log.notes import NoteKey, SignatureType

ORIGIN = "zhejiang.example/log"
NOON = 1_582_516_800


def tree_hash(entries: list[bytes]) -> bytes:
    """Return MTH of RFC 6962, 2.1."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    middle = 1
    while middle * 2 < len(entries):
        middle *= 2
    halves = tree_hash(entries[:middle]) + tree_hash(entries[middle:])
    return hashlib.sha256(b"\x01" + halves).digest()


def ed25519(name: str, kind: SignatureType = SignatureType.ED25519) -> NoteSigner:
    """Make a key with this name."""
    private = Ed25519PrivateKey.generate()
    return NoteSigner(NoteKey(name, kind, private.public_key()), private.sign)


def ml_dsa(name: str) -> NoteSigner:
    """Make an ML-DSA-44 key with this name."""
    private = MLDSA44PrivateKey.generate()
    key = NoteKey(name, SignatureType.COSIGNATURE_ML_DSA_44, private.public_key())
    return NoteSigner(key, private.sign)


@dataclass
class MemoryLog:
    """A log whose tiles are made one after another, as a publisher makes them."""

    signers: tuple[NoteSigner, ...] = field(
        default_factory=lambda: (ed25519(ORIGIN), ml_dsa(ORIGIN))
    )
    origin: str = ORIGIN
    entries: list[bytes] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def append(self, *entries: bytes) -> None:
        since = len(self.entries)
        self.entries += entries
        for bundle in tiles.bundles_of(len(self.entries), since):
            self.files[bundle.path] = tiles.encode_bundle(self._under(bundle))
        read = self.read()
        for tile in tiles.tiles_of(len(self.entries), since):
            made = tiles.make_tile(tile, read) if tile.level else None
            self.files[tile.path] = made or tiles.leaf_hashes(self._under(tile))

    def read(self) -> ReadHash:
        """Read from the newest tiles, which also have all hashes of older trees."""
        return tiles.reader(len(self.entries), lambda tile: self.files[tile.path])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = len(self.entries) if size is None else size
        return Checkpoint(self.origin, size, root(size, self.read()))

    def note(self, size: int | None = None, *, at: int = NOON) -> bytes:
        return str(sign_checkpoint(self.checkpoint(size), self.signers, at)).encode()

    def inclusion(self, index: int) -> list[bytes]:
        return inclusion_proof(index, len(self.entries), self.read())

    def consistency(self, old: int) -> list[bytes]:
        return consistency_proof(old, len(self.entries), self.read())

    def _under(self, tile: tiles.Tile) -> list[bytes]:
        first = tile.index * tiles.WIDTH
        return self.entries[first : first + tile.width]

"""Read the public log: its newest checkpoint, its tiles, and proofs."""

from collections.abc import Sequence

from healthcode.acts.log.entries import act_record, areas_of
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log_models import (
    LogCheckpoint,
    LogTile,
)
from healthcode.acts.models import (
    Act,
    LogLeaf,
)
from healthcode.acts.witnessing.published import published_checkpoint
from healthcode.core.log.batches import RecordPlace
from healthcode.core.log.merkle import ReadHash, inclusion_proof
from healthcode.core.log.proofs import KeptProof
from healthcode.core.log.tiles import HEIGHT, WIDTH, Tile, encode_bundle, leaf_hashes, reader


def newest_checkpoint() -> LogCheckpoint | None:
    """Return the newest checkpoint; None before the first."""
    return LogCheckpoint.objects.order_by("-id").first()


def file_of(tile: Tile) -> bytes | None:
    """Return what is published for a tile or a bundle; None if the log is not so large.

    Raises:
        LogFault: the log has such a tile, but not in the database.
    """
    newest = newest_checkpoint()
    size = newest.size if newest else 0
    count = size >> (HEIGHT * (tile.level or 0))
    if tile.index * WIDTH + tile.width > count:
        return None
    if tile.level is None:
        return encode_bundle(_entries(tile))
    return tile_hashes(tile)


def read_tree(size: int) -> ReadHash:
    """Return a function that reads hashes of the tree of the first `size` leaves."""
    return reader(size, tile_hashes)


def tile_hashes(tile: Tile) -> bytes:
    """Return the hashes of a tile. Raises LogFault if some of them are missing."""
    if tile.width == WIDTH:
        full = LogTile.objects.filter(level=tile.level or 0, index=tile.index).first()
        if full is None:
            raise missing(tile)
        return bytes(full.hashes)
    if tile.level == 0:
        return leaf_hashes(_entries(tile))
    return roots(tile)


def roots(tile: Tile) -> bytes:
    """Return the hashes of a tile above level 0, from the tiles below. Raises LogFault."""
    level, first = (tile.level or 0) - 1, tile.index * WIDTH
    wanted = range(first, first + tile.width)
    rows = LogTile.objects.filter(level=level, index__gte=first, index__lt=wanted.stop)
    found = dict(rows.values_list("index", "root"))
    for index in wanted:
        if index not in found:
            raise missing(Tile(level, index))
    return b"".join(bytes(found[index]) for index in wanted)


def entries_between(first: int, end: int) -> Sequence[bytes]:
    """Return the entries at the positions from `first` to before `end`, as far as they exist."""
    rows = LogLeaf.objects.filter(position__gte=first, position__lt=end).order_by("position")
    return [bytes(entry) for entry in rows.values_list("entry", flat=True)]


def missing(tile: Tile) -> LogFault:
    """Return the error for a tile whose hashes or leaves are not in the database."""
    return LogFault(
        f"The public log lacks {tile.path}, which it has published. Somebody has deleted rows of "
        "the log, or a backup was restored in part: restore the database (docs/howto/backup.md)."
    )


def proof_of(act: Act, *, with_record: bool) -> KeptProof | None:
    """Return the proof that an act is in the log; None until a checkpoint contains the act.

    Args:
        with_record: adds the record and its salt. Only a person concerned and the audit may get it.

    Raises LogFault if rows of the log are missing.
    """
    leaf = LogLeaf.objects.filter(act=act).first()
    if leaf is None:
        return None
    if not with_record:
        return proof_of_leaf(leaf)
    return proof_of_leaf(leaf, salt=bytes(leaf.salt or b""), record=act_record(act, areas_of(act)))


def proof_of_leaf(
    leaf: LogLeaf, *, salt: bytes = b"", record: bytes = b"", place: RecordPlace | None = None
) -> KeptProof | None:
    """Return the proof of a leaf, with a record if one is given; None until a checkpoint has it.

    Args:
        place: where the record stands, if the leaf stands for many.

    Raises LogFault if rows of the log are missing.
    """
    shown = published_checkpoint()
    if leaf.position is None or shown is None or leaf.position >= shown.size:
        return None
    hashes = inclusion_proof(leaf.position, shown.size, read_tree(shown.size))
    return KeptProof(
        entry=bytes(leaf.entry),
        index=leaf.position,
        hashes=tuple(hashes),
        checkpoint=shown.note,
        salt=salt,
        record=record,
        place=place,
    )


def _entries(tile: Tile) -> Sequence[bytes]:
    first = tile.index * WIDTH
    entries = entries_between(first, first + tile.width)
    if len(entries) != tile.width:
        raise missing(Tile(None, tile.index, tile.width))
    return entries

"""Extend the public log: number the new leaves, store full tiles, and sign a checkpoint.

Only one process extends the log at a time. Without it nothing is lost: leaves wait in the database.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Max

from healthcode.acts.log import keys, tree
from healthcode.acts.log.errors import FaultLog, LogFault
from healthcode.acts.log_models import (
    LogCheckpoint,
    LogTile,
)
from healthcode.acts.models import LogLeaf
from healthcode.core.log import merkle
from healthcode.core.log.checkpoints import Checkpoint, NoteSigner, sign_checkpoint
from healthcode.core.log.notes import parse_note
from healthcode.core.log.tiles import WIDTH, Tile, leaf_hashes, tile_root, tiles_of
from healthcode.web.advisory_locks import AdvisoryLock

AT_ONCE: Final = 10_000
"""How many leaves one transaction numbers."""

SIGN_AGAIN_AFTER: Final = timedelta(hours=1)
"""How old a checkpoint may become before it is signed again, so that readers see that it is new."""

CHECKPOINTS_KEPT: Final = timedelta(days=28)

LOCK_PATIENCE: Final = timedelta(seconds=2)
"""How long a statement waits for a lock. Nobody else changes leaves, so it never waits normally."""

_faults: Final = FaultLog(__name__)

# The numbers come as an array, so that the planner knows how few they are. With a subquery it read
# the whole table after many leaves had been numbered: 0.2 s for one leaf of 400,000.
_NUMBER: Final = """
UPDATE acts_logleaf SET position = %(size)s + waiting.place - 1
  FROM unnest(%(leaves)s::bigint[]) WITH ORDINALITY AS waiting (id, place)
 WHERE acts_logleaf.id = waiting.id
"""


def keep_extending(*, at: datetime) -> int:
    """Extend the log until no leaf waits; return how many leaves are new.

    If the log cannot be extended, log why: the leaves wait.
    """
    extended = 0
    try:
        while added := extend(at=at):
            extended += added
    except LogFault as fault:
        _faults.say(str(fault))
    return extended


@transaction.atomic
def extend(*, at: datetime) -> int:
    """Give positions to at most `AT_ONCE` leaves, and sign a checkpoint over them.

    Returns how many leaves are new: 0 if none waits, or if another process extends the log.

    Raises:
        LogFault: there is no key, a key cannot be opened, or the rows of the log contradict its
            last checkpoint. Nothing was changed.
    """
    if not _take_turn():
        return 0
    newest = tree.newest_checkpoint()
    waiting = _waiting(at)
    if not waiting and newest and not _is_due(newest, at):
        return 0
    signers = keys.signers()
    old = _checked(newest)
    added = _number(waiting, old)
    size = old + added
    _store_tiles(size, since=old)
    _sign(size, signers, at=max(at, newest.made_at) if newest else at)
    return added


def forget_checkpoints(at: datetime) -> int:
    """Delete checkpoints older than `CHECKPOINTS_KEPT`, without the newest; return how many.

    Whoever keeps a copy of an older one can still prove that today's log continues it.
    """
    newest = tree.newest_checkpoint()
    old = LogCheckpoint.objects.filter(made_at__lt=at - CHECKPOINTS_KEPT)
    return old.exclude(pk=newest.pk).delete()[0] if newest else 0


def _is_due(newest: LogCheckpoint, at: datetime) -> bool:
    """Return whether to sign again although the log has not grown."""
    signed = {line.key_id for line in parse_note(bytes(newest.note)).signatures}
    other_keys = signed != {key.key_id for key in keys.published_keys()}
    return other_keys or at - newest.made_at >= SIGN_AGAIN_AFTER


def _take_turn() -> bool:
    with connection.cursor() as cursor:
        milliseconds = str(int(LOCK_PATIENCE.total_seconds() * 1000))
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [milliseconds])
        cursor.execute(f"SELECT {AdvisoryLock.LOG.tried}")
        return bool(cursor.fetchone()[0])


def _checked(newest: LogCheckpoint | None) -> int:
    """Return the size of the log. Raises LogFault if its rows are not those of its checkpoint."""
    size = newest.size if newest else 0
    last = LogLeaf.objects.aggregate(last=Max("position"))["last"]
    held = 0 if last is None else last + 1
    if held != size:
        raise LogFault(
            f"The public log has {held} numbered leaves, but its last checkpoint says {size}, and "
            "a log never goes backwards. Somebody has changed its rows, or a backup was restored "
            "in part: restore the database (docs/howto/backup.md)."
        )
    if newest and merkle.root(size, tree.read_tree(size)) != bytes(newest.root):
        raise LogFault(
            f"The leaves of the public log are not those of its last checkpoint of {size} leaves. "
            "Somebody has changed its rows: restore the database (docs/howto/backup.md)."
        )
    return size


def _waiting(at: datetime) -> list[int]:
    """Return the first leaves that have no position; those of a minute to come wait for it."""
    rows = LogLeaf.objects.filter(position=None, minute__lte=at).order_by("id")
    return list(rows.values_list("id", flat=True)[:AT_ONCE])


def _number(leaves: list[int], size: int) -> int:
    """Give these leaves the positions from `size` on, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, {"size": size, "leaves": leaves})
        return int(cursor.rowcount)


def _store_tiles(size: int, *, since: int) -> None:
    """Store the tiles that became full. Each level is stored before the one above is made."""
    full = [tile for tile in tiles_of(size, since) if tile.width == WIDTH]
    for level in sorted({tile.level or 0 for tile in full}):
        tiles = [tile for tile in full if tile.level == level]
        made = map(tree.roots, tiles) if level else _lowest(tiles)
        LogTile.objects.bulk_create(
            LogTile(level=level, index=tile.index, hashes=hashes, root=tile_root(hashes))
            for tile, hashes in zip(tiles, made, strict=True)
        )


def _lowest(tiles: Sequence[Tile]) -> Iterable[bytes]:
    """Yield the hashes of consecutive full tiles of level 0."""
    first, end = tiles[0].index * WIDTH, (tiles[-1].index + 1) * WIDTH
    entries = tree.entries_between(first, end)
    if len(entries) != end - first:
        raise tree.missing(Tile(None, tiles[0].index))
    for begin in range(0, len(entries), WIDTH):
        yield leaf_hashes(entries[begin : begin + WIDTH])


def _sign(size: int, signers: Sequence[NoteSigner], *, at: datetime) -> None:
    root = merkle.root(size, tree.read_tree(size))
    checkpoint = Checkpoint(signers[-1].key.name, size, root)
    note = sign_checkpoint(checkpoint, signers, int(at.timestamp()))
    LogCheckpoint.objects.create(size=size, root=root, note=str(note).encode(), made_at=at)

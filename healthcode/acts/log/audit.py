"""Compare the acts with their leaves, and the leaves with what was published.

Whoever edits the database leaves rows that contradict others. The functions read the log part by
part, so that the caller can stop between two parts and go on later.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from healthcode.acts.kinds import ActKind
from healthcode.acts.log import keys, tree
from healthcode.acts.log.alarm_audit import edited_alarms
from healthcode.acts.log.entries import act_leaf, act_record, areas_of, minute_of
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log.findings import LogFinding, LogFindingKind
from healthcode.acts.log.look_audit import looks_of_leaves, looks_without_leaf
from healthcode.acts.log.looks import KIND
from healthcode.acts.log_models import (
    LogCheckpoint,
    LogTile,
)
from healthcode.acts.models import (
    Act,
    LogLeaf,
)
from healthcode.core.errors import CoreError, MalformedLog
from healthcode.core.log import merkle
from healthcode.core.log.checkpoints import open_checkpoint
from healthcode.core.log.leaves import Leaf, decode_leaf, record_digest
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.tiles import WIDTH, Tile, leaf_hashes, tile_root, tiles_of

LEAVES_AT_ONCE: Final = 16 * WIDTH


@dataclass(frozen=True, slots=True)
class LogPart:
    """What was found in a part of the log, and the position at which the next part begins."""

    findings: tuple[LogFinding, ...]
    end: int
    is_last: bool


def findings(*, at: datetime) -> Iterator[LogFinding]:
    """Yield every contradiction in the whole log, and each act that is not in it."""
    part = log_part(0, at=at)
    yield from part.findings
    while not part.is_last:
        part = log_part(part.end, at=at)
        yield from part.findings


def log_part(first: int, *, at: datetime) -> LogPart:
    """Compare the next `LEAVES_AT_ONCE` leaves, from position `first`, and return what was found.

    The last part also has what contradicts the tiles above, the checkpoint, the alarms, and the
    acts without a leaf. Call this in one snapshot, because the log grows all the time.
    """
    newest = tree.newest_checkpoint()
    size = newest.size if newest else 0
    end = min(first + LEAVES_AT_ONCE, size)
    found = list(leaves_between(first, end, at=at))
    if end == size:
        found += [*upper_tiles(size), *waiting_leaves(at=at), *acts_without_leaf()]
        found += looks_without_leaf(at=at)
        found += edited_alarms()
        found += checkpoint_findings(newest, at=at) if newest else ()
    return LogPart(tuple(found), end, is_last=end == size)


def leaves_between(first: int, end: int, *, at: datetime) -> Iterator[LogFinding]:
    """Yield what contradicts the leaves at the positions from `first` to before `end`.

    `first` is the first leaf of a tile.
    """
    rows = LogLeaf.objects.filter(position__gte=first, position__lt=end).select_related("act")
    found = {row.position: row for row in rows.prefetch_related("act__areas")}
    for position in range(first, end):
        if position not in found:
            yield LogFinding(LogFindingKind.LEAF_MISSING, position)
    for begin in range(first, end - WIDTH + 1, WIDTH):
        yield from _edited_leaves(begin, [found.get(begin + place) for place in range(WIDTH)])
    yield from _contradictions(found.values())
    yield from looks_of_leaves(found.values(), at=at)


def waiting_leaves(*, at: datetime) -> Iterator[LogFinding]:
    """Yield what contradicts the leaves that have no position yet; they are few."""
    rows = LogLeaf.objects.filter(position=None).select_related("act")
    yield from _contradictions(rows.prefetch_related("act__areas"))
    yield from looks_of_leaves(list(LogLeaf.objects.filter(position=None, kind=KIND)), at=at)


def acts_without_leaf() -> Iterator[LogFinding]:
    """Yield the acts that are not in the log. `make_log_key` logs those from before it."""
    for number in Act.objects.filter(leaf=None).order_by("pk").values_list("pk", flat=True):
        yield LogFinding(LogFindingKind.ACT_NOT_LOGGED, number)


def upper_tiles(size: int) -> Iterator[LogFinding]:
    """Yield the full tiles above level 0 that do not follow from those below."""
    for tile in tiles_of(size):
        if tile.level and tile.width == WIDTH:
            row = LogTile.objects.filter(level=tile.level, index=tile.index).first()
            if row is None or not _follows(tile, row):
                first = tile.index * WIDTH ** (tile.level + 1)
                yield LogFinding(LogFindingKind.TILE_WRONG, first)


def checkpoint_findings(newest: LogCheckpoint, *, at: datetime) -> Iterator[LogFinding]:
    """Yield a finding if the checkpoint is not signed, or is not that of the leaves."""
    policy = LogPolicy(tuple(keys.published_keys()))
    try:
        seen = open_checkpoint(bytes(newest.note), policy, int(at.timestamp())).checkpoint
        root = merkle.root(newest.size, tree.read_tree(newest.size))
        is_right = (seen.size, seen.root) == (newest.size, root)
    except (CoreError, LogFault):
        is_right = False
    beyond = LogLeaf.objects.filter(position__gte=newest.size).exists()
    if beyond or not is_right:
        yield LogFinding(LogFindingKind.CHECKPOINT_WRONG, newest.size)


def contradiction(
    row: LogLeaf, act: Act | None, areas: Iterable[tuple[str, int]]
) -> LogFinding | None:
    """Compare a leaf with its act; return what is wrong, or None."""
    try:
        leaf = decode_leaf(bytes(row.entry))
    except MalformedLog:
        return _of_leaf(row)
    if (leaf.kind, leaf.number) != (row.kind, row.number) or minute_of(row.minute) != leaf.minute:
        return _of_leaf(row)
    if act is None:
        is_act = row.act_id is not None or row.kind in ActKind.values
        return LogFinding(LogFindingKind.ACT_MISSING, row.number) if is_act else None
    if not _is_made_for(leaf, row, act, areas):
        return LogFinding(LogFindingKind.ACT_EDITED, row.number)
    return None


def _contradictions(rows: Iterable[LogLeaf]) -> Iterator[LogFinding]:
    for row in rows:
        act: Act | None = row.act
        found = contradiction(row, act, areas_of(act) if act else ())
        if found:
            yield found


def _is_made_for(leaf: Leaf, row: LogLeaf, act: Act, areas: Iterable[tuple[str, int]]) -> bool:
    digest = record_digest(bytes(row.salt or b""), act_record(act, areas))
    return leaf == act_leaf(act, digest)


def _of_leaf(row: LogLeaf) -> LogFinding:
    # A leaf that waits has no position, so its act tells which one it is.
    if row.position is None:
        return LogFinding(LogFindingKind.ACT_EDITED, row.number)
    return LogFinding(LogFindingKind.LEAF_EDITED, row.position)


def _edited_leaves(first: int, rows: Sequence[LogLeaf | None]) -> Iterator[LogFinding]:
    """Yield the leaves of a full tile whose hashes are not those of the stored tile."""
    stored = LogTile.objects.filter(level=0, index=first // WIDTH).first()
    if stored is None:
        yield LogFinding(LogFindingKind.TILE_WRONG, first)
        return
    hashes = bytes(stored.hashes)
    if tile_root(hashes) != bytes(stored.root):
        yield LogFinding(LogFindingKind.TILE_WRONG, first)
    for place, row in enumerate(rows):
        published = hashes[place * merkle.HASH_BYTES : (place + 1) * merkle.HASH_BYTES]
        if row is not None and leaf_hashes([bytes(row.entry)]) != published:
            yield LogFinding(LogFindingKind.LEAF_EDITED, first + place)


def _follows(tile: Tile, row: LogTile) -> bool:
    hashes = bytes(row.hashes)
    try:
        return tree.roots(tile) == hashes and tile_root(hashes) == bytes(row.root)
    except LogFault:
        return False

"""The files in which a log is published (C2SP tlog-tiles).

A tile of level L has up to 256 hashes, each over 256**L leaves. A bundle of entries has the leaves
themselves. A full tile never changes, so everybody can keep it for good.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from healthcode.core.errors import MalformedLog
from healthcode.core.log.merkle import HASH_BYTES, ReadHash, leaf_hash, node_hash

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
LARGEST_ENTRY: Final = (1 << 16) - 1
_HIGHEST: Final = 7
"""The level at which one tile holds all leaves that a tree of 2**63 can have."""
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|[0-7])/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: its level (None for a bundle of entries), its index there, its number of items."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Return the path where it is published, after the log's prefix."""
        level = "entries" if self.level is None else self.level
        groups = _groups(self.index)
        folders = "".join(f"x{group:03}/" for group in groups[:-1])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{folders}{groups[-1]:03}{partial}"


def parse_path(path: str) -> Tile:
    """Read a path. Raises MalformedLog for other spellings."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise MalformedLog("not the path of a tile")
    level = None if found["level"] == "entries" else int(found["level"])
    tile = Tile(level, int(re.sub(r"[x/]", "", found["index"])), int(found["width"] or WIDTH))
    # Refuse leading zeros, a width of 0 or above 255, and a group of x000 in front.
    if not 0 < tile.width <= WIDTH or tile.path != path:
        raise MalformedLog("not the path of a tile")
    return tile


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles of hashes that a tree of `size` leaves has and one of `since` leaves lacks.

    The lowest level comes first, because each tile is made from those before it.
    """
    for level in range(_HIGHEST + 1):
        count, known = size >> (HEIGHT * level), since >> (HEIGHT * level)
        for index in range(known // WIDTH, -(-count // WIDTH)):
            width = min(WIDTH, count - index * WIDTH)
            if index * WIDTH + width > known:
                yield Tile(level, index, width)


def bundles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the bundles of entries that belong to the tiles of level 0."""
    for tile in tiles_of(size, since):
        if tile.level != 0:
            return
        yield Tile(None, tile.index, tile.width)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle, with the length of each entry in two bytes before it.

    Raises ValueError if an entry is longer than `LARGEST_ENTRY`.
    """
    if any(len(entry) > LARGEST_ENTRY for entry in entries):
        raise ValueError(f"an entry is longer than {LARGEST_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the `width` entries of a bundle. Raises MalformedLog for another number of entries."""
    entries, position = [], 0
    while position < len(data):
        begin = position + 2
        position = begin + int.from_bytes(data[position:begin], "big")
        entries.append(data[begin:position])
    if position != len(data) or len(entries) != width:
        raise MalformedLog(f"not a bundle of {width} entries")
    return entries


def split_hashes(data: bytes, width: int) -> list[bytes]:
    """Return the `width` hashes of a tile. Raises MalformedLog for another size."""
    if len(data) != width * HASH_BYTES:
        raise MalformedLog(f"not a tile of {width} hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def reader(size: int, fetch: Callable[[Tile], bytes]) -> ReadHash:
    """Return a function that reads the subtrees of a tree of `size` leaves from its tiles.

    It calls `fetch` once for each tile. A proof needs at most 2 tiles a level.
    """
    known: dict[Tile, list[list[bytes]]] = {}

    def read(level: int, index: int) -> bytes:
        height = min(level // HEIGHT, _HIGHEST)
        above = level - height * HEIGHT
        number = (index << above) // WIDTH
        width = min(WIDTH, (size >> (height * HEIGHT)) - number * WIDTH)
        tile = Tile(height, number, width)
        if tile not in known:
            known[tile] = _pyramid(split_hashes(fetch(tile), width))
        return known[tile][above][index - ((number * WIDTH) >> above)]

    return read


def make_tile(tile: Tile, read: ReadHash) -> bytes:
    """Return the hashes of a tile above level 0; `read` finds them in the tiles below."""
    if not tile.level:
        raise ValueError("a tile of level 0 is made of entries")
    below = tile.level * HEIGHT - 1
    numbers = range(tile.index * WIDTH, tile.index * WIDTH + tile.width)
    # Each hash is the root of a full tile below; its two halves are still in that tile.
    return b"".join(node_hash(read(below, 2 * at), read(below, 2 * at + 1)) for at in numbers)


def tile_root(hashes: bytes) -> bytes:
    """Return the hash over all hashes of a full tile: one of the hashes of the tile above."""
    return _pyramid(split_hashes(hashes, WIDTH))[-1][0]


def leaf_hashes(entries: Sequence[bytes]) -> bytes:
    """Return the hashes of a tile of level 0, from its entries."""
    return b"".join(leaf_hash(entry) for entry in entries)


def _pyramid(hashes: list[bytes]) -> list[list[bytes]]:
    """Return the complete subtrees over the hashes of a tile, by level from the hashes up."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([node_hash(left, right) for left, right in pairs])
    return levels


def _groups(index: int) -> list[int]:
    """Return the digits of `index` by three, the highest first."""
    groups = [index % 1000]
    while index := index // 1000:
        groups.insert(0, index % 1000)
    return groups

"""The files of a log: names as in C2SP, contents as the definition of the tree gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core.errors import MalformedLog
from healthcode.core.log.tiles import (
    LARGEST_ENTRY,
    Tile,
    bundles_of,
    decode_bundle,
    encode_bundle,
    parse_path,
    split_hashes,
    tiles_of,
)
from tests.core.log.trees import MemoryLog, tree_hash


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(None, 1000, 1), "tile/entries/x001/000.p/1"),
        (Tile(2, 1_000_000), "tile/2/x001/x000/000"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/entry/000",
        "tile/0/x001/x001/x001/x001/x001/x001/x001/000",
        "",
    ],
)
def test_other_spellings_are_no_paths(path: str) -> None:
    with pytest.raises(MalformedLog):
        parse_path(path)


def test_a_log_of_70_000_leaves_has_the_tiles_that_the_specification_counts() -> None:
    found = list(tiles_of(70_000))

    assert sum(tile.level == 0 and tile.width == 256 for tile in found) == 273
    assert [tile for tile in found if tile.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert len(found) == 273 + 1 + 1 + 1 + 1
    assert [tile.width for tile in tiles_of(256)] == [256, 1]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 1000))
def test_a_log_that_grows_lacks_nothing(since: int, more: int) -> None:
    grown = set(tiles_of(since)) | set(tiles_of(since + more, since))

    assert grown >= set(tiles_of(since + more))
    assert all(tile not in set(tiles_of(since)) for tile in tiles_of(since + more, since))
    assert [(b.index, b.width) for b in bundles_of(since + more, since)] == [
        (tile.index, tile.width) for tile in tiles_of(since + more, since) if tile.level == 0
    ]


@pytest.mark.parametrize("steps", [[1, 1, 254], [300, 300], [255, 1, 1], [700]])
def test_roots_and_proofs_are_read_from_the_files(steps: list[int]) -> None:
    log = MemoryLog(signers=())
    for count in steps:
        first = len(log.entries)
        log.append(*(f"entry {first + number}".encode() for number in range(count)))

    assert log.checkpoint().root == tree_hash(log.entries)
    for size in (0, 1, 255, 256, len(log.entries)):
        if size <= len(log.entries):
            assert log.checkpoint(size).root == tree_hash(log.entries[:size])


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_come_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x01a", b""])
def test_a_bundle_of_another_length_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedLog):
        decode_bundle(data, 2)


def test_an_entry_that_no_bundle_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        encode_bundle([bytes(LARGEST_ENTRY + 1)])


def test_a_tile_of_another_size_is_refused() -> None:
    with pytest.raises(MalformedLog):
        split_hashes(bytes(63), 2)

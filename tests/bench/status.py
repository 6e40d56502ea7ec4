"""Measure the status list of ten million people with a hundred thousand superseded codes."""

import math
import random
import zlib
from collections.abc import Callable, Iterator
from time import process_time

from healthcode.core import parse_status_list
from tests.bench.figures import Figure, Goal, alternate
from tests.bench.stage import Stage
from tests.core.forge import NOON, URI, ZHEJIANG
from tests.core.worlds import status_token

SUITE = "status"
PEOPLE, SUPERSEDED = 10_000_000, 100_000
MOST_KILOBYTES, MOST_SECONDS = 250, 10
LOOKUPS = 100_000


def figures(stage: Stage) -> Iterator[Figure]:
    """Return the size of a door's download, and the times to build the list and look up a code."""
    indexes = random.Random(2020).sample(range(PEOPLE), SUPERSEDED)
    token = status_token(size=PEOPLE, superseded=indexes)
    held = parse_status_list(token, [ZHEJIANG.key()], NOON, uri=URI)
    if not all(map(held.superseded, indexes)):
        raise AssertionError("a superseded code is missing from the list")
    yield Figure(
        SUITE,
        f"list of {PEOPLE:,} indexes, {SUPERSEDED:,} set",
        "the entropy of so many bits",
        "KB",
        [len(token) / 1000],
        [entropy_bytes() / 1000],
        Goal(at_most=round(MOST_KILOBYTES * 1000 / entropy_bytes(), 2)),
        f"the goal is that of {MOST_KILOBYTES} KB",
    )
    building, compressing = alternate(
        lambda: used(lambda: status_token(size=PEOPLE, superseded=indexes)),
        lambda: used(lambda: compressed(held.bits)),
        rounds=stage.size.rounds,
    )
    yield Figure(
        SUITE,
        "building and signing it",
        "its compression alone",
        "s",
        building,
        compressing,
        Goal(at_most=round(MOST_SECONDS / min(compressing), 2)),
        f"the goal is that of {MOST_SECONDS} s of one core",
    )
    looked, read = alternate(
        lambda: used(lambda: [held.superseded(idx) for idx in indexes]) / LOOKUPS * 1e6,
        lambda: used(lambda: [held.bits[idx >> 3] for idx in indexes]) / LOOKUPS * 1e6,
        rounds=stage.size.rounds,
    )
    yield Figure(SUITE, "looking up one code", "reading its byte", "µs", looked, read)


def compressed(bits: bytes) -> bytes:
    """Like real lists: the indexes are scattered, so nothing in the list repeats but zeros."""
    stream = zlib.compressobj(9, strategy=zlib.Z_RLE)
    return stream.compress(bits) + stream.flush()


def entropy_bytes() -> float:
    """Return the smallest possible size of a list with `SUPERSEDED` of `PEOPLE` bits set."""
    share = SUPERSEDED / PEOPLE
    bits = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    return PEOPLE * bits / 8


def used(work: Callable[[], object]) -> float:
    """Return the processor time of one run, since other programs may use the processor too."""
    began = process_time()
    work()
    return process_time() - began

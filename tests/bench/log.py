"""Measure the public log: how fast it grows, and a proof in a log of millions of leaves."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final

import django

from tests.bench.figures import Figure, Goal, alternate, timed
from tests.bench.stage import Stage

SUITE = "log"
APPENDED: Final = 10_000
PROOFS: Final = 200
MOST_SECONDS, MOST_MILLISECONDS = 5, 50
# Real leaves: each has a digest of its own, and the tiles are made from them.
_LEAVES: Final = """
INSERT INTO acts_logleaf (kind, number, minute, entry, position)
SELECT 'batch', n, '2020-02-24T08:12Z',
       convert_to('{"area":"3301","digest":"' || encode(sha256(n::text::bytea), 'hex')
                  || '","kind":"batch","minute":"2020-02-24T08:12Z","number":' || n
                  || ',"people":"10-99"}', 'UTF8'),
       n - 1
  FROM generate_series(%s::bigint, %s) AS n
"""
_LOWEST: Final = """
SELECT string_agg(sha256('\\x00'::bytea || entry), ''::bytea ORDER BY position)
  FROM acts_logleaf WHERE position >= %s AND position < %s GROUP BY position / 256
 ORDER BY position / 256
"""


def figures(stage: Stage) -> Iterator[Figure]:
    """Return what appending, proving and signing cost in a log of `stage.size.large` leaves."""
    django.setup()
    from django.core.management import call_command

    from healthcode.acts.log import keys
    from healthcode.tools.run.postgres import OWNER
    from tests.bench.city import turn_to

    stage.database("log")
    turn_to("log", user=OWNER)
    call_command("migrate", verbosity=0)
    keys.make_keys(at=_now())
    stage.say(f"  making a log of {stage.size.large:,} leaves …")
    began = perf_counter()
    _fill(stage.size.large)
    stage.say(f"  … in {perf_counter() - began:.0f} s")
    stage.order("VACUUM ANALYZE acts_logleaf, acts_logtile", database="log")
    turn_to("log")
    yield _proofs(stage)
    yield _appending(stage)
    yield _signing(stage)


def _now() -> datetime:
    return datetime.now(UTC)


def _fill(size: int) -> None:
    """Store leaves, their full tiles and a signed checkpoint, as the sequencer would have."""
    from django.db import connection, transaction

    from healthcode.acts.log import tree
    from healthcode.acts.log_models import LogTile
    from healthcode.core.log.tiles import WIDTH, tile_root, tiles_of

    step = 1000 * WIDTH
    for first in range(0, size, step):
        end = min(first + step, size)
        full = end - end % WIDTH
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LEAVES, [first + 1, end])
            cursor.execute(_LOWEST, [first, full])
            LogTile.objects.bulk_create(
                LogTile(level=0, index=first // WIDTH + at, hashes=hashes, root=tile_root(hashes))
                for at, hashes in enumerate(bytes(row[0]) for row in cursor.fetchall())
            )
    for tile in tiles_of(size):
        if tile.level and tile.width == WIDTH:
            hashes = tree.roots(tile)
            LogTile.objects.create(
                level=tile.level, index=tile.index, hashes=hashes, root=tile_root(hashes)
            )
    _sign(size)


def _sign(size: int) -> None:
    from healthcode.acts.log import keys, tree
    from healthcode.acts.log_models import LogCheckpoint
    from healthcode.core.log import merkle
    from healthcode.core.log.checkpoints import Checkpoint, sign_checkpoint

    signers = keys.signers()
    root = merkle.root(size, tree.read_tree(size))
    note = sign_checkpoint(
        Checkpoint(signers[0].key.name, size, root), signers, int(_now().timestamp())
    )
    LogCheckpoint.objects.create(size=size, root=root, note=str(note).encode(), made_at=_now())


def _proofs(stage: Stage) -> Figure:
    """Prove leaves from all over the log, none of them twice."""
    from healthcode.acts.log import tree
    from healthcode.acts.models import LogLeaf
    from healthcode.core.log.proofs import prove
    from tests.acts.log import policy

    size = stage.size.large
    positions = iter(random.Random(2020).sample(range(size), 4 * PROOFS * stage.size.rounds))

    def leaf() -> LogLeaf:
        return LogLeaf.objects.get(position=next(positions))

    def proving() -> float:
        began = perf_counter()
        for _ in range(PROOFS):
            found = tree.proof_of_leaf(leaf())
        took = perf_counter() - began
        if found is None or prove(found, policy(), int(_now().timestamp())).index < 0:
            raise AssertionError("a proof does not hold")
        return took / PROOFS

    def reading() -> float:
        return timed(lambda: [leaf() for _ in range(PROOFS)]) / PROOFS

    proved, read = alternate(proving, reading, rounds=stage.size.rounds)
    return Figure(
        SUITE,
        f"prove a leaf among {size:,}",
        "reading the leaf",
        "s",
        proved,
        read,
        Goal(at_most=round(MOST_MILLISECONDS / 1000 / min(read), 2)),
        f"the goal is that of {MOST_MILLISECONDS} ms",
    )


def _appending(stage: Stage) -> Figure:
    """Append leaves to the large log, and compare with a bare UPDATE of as many positions."""
    from django.db import connection, transaction

    from healthcode.acts.log import sequencer
    from healthcode.acts.models import LogLeaf

    size = stage.size.large
    numbers = iter(range(2 * size, 3 * size))

    def wait(kind: str) -> list[int]:
        rows = [
            LogLeaf(kind=kind, number=number, minute=_now() - timedelta(hours=1), entry=entry)
            for number, entry in ((each, _entry(each)) for each in _take(numbers))
        ]
        return [row.pk for row in LogLeaf.objects.bulk_create(rows)]

    def append() -> float:
        wait("batch")
        began = perf_counter()
        if sequencer.extend(at=_now()) != APPENDED:
            raise AssertionError("not all leaves were appended")
        return perf_counter() - began

    def bare() -> float:
        took = 0.0
        with transaction.atomic(), connection.cursor() as cursor:
            leaves = wait("bare")
            began = perf_counter()
            cursor.execute(
                "UPDATE acts_logleaf SET position = %s + waiting.place FROM unnest(%s::bigint[]) "
                "WITH ORDINALITY AS waiting (id, place) WHERE acts_logleaf.id = waiting.id",
                [10 * size, leaves],
            )
            took = perf_counter() - began
            transaction.set_rollback(True)
        return took

    appended, updated = alternate(append, bare, rounds=stage.size.rounds)
    return Figure(
        SUITE,
        f"append {APPENDED:,} leaves to a log of {size:,}, with tiles and a checkpoint",
        "a bare UPDATE of as many positions",
        "s",
        appended,
        updated,
        Goal(at_most=round(MOST_SECONDS / min(updated), 2)),
        f"the goal is that of {MOST_SECONDS} s",
    )


def _signing(stage: Stage) -> Figure:
    from healthcode.acts.log import keys
    from healthcode.core.log.checkpoints import Checkpoint, sign_checkpoint

    checkpoint = Checkpoint("example.org/log", stage.size.large, bytes(32))
    signers = keys.signers()

    def sign() -> float:
        return timed(lambda: sign_checkpoint(checkpoint, keys.signers(), int(_now().timestamp())))

    def bare() -> float:
        return timed(lambda: [one.sign(bytes(200)) for one in signers])

    signed, only = alternate(sign, bare, rounds=20)
    return Figure(
        SUITE,
        "open both keys and sign a checkpoint",
        "both signatures alone",
        "s",
        signed,
        only,
        note="opening the keys takes most of it, because PKCS#8 encrypts them with PBKDF2",
    )


def _entry(number: int) -> bytes:
    from healthcode.acts.log.entries import leaf_of

    return leaf_of(
        kind="batch", number=number, area="3301", count=12, digest=f"{number:064x}", at=_now()
    ).encode()


def _take(numbers: Iterator[int]) -> Iterator[Any]:
    return (next(numbers) for _ in range(APPENDED))

"""Load many rows at once: COPY into tables without their indexes and foreign keys."""

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, NamedTuple

from django.db import connection

# How many blocks each process draws ahead of the loading. This limits the memory.
AHEAD: Final = 3

# What can be dropped and made again: foreign keys, keys to which no foreign key points, and indexes
# that belong to no constraint.
CONSTRAINTS: Final = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint AS made
WHERE conrelid = ANY(%s::regclass[]) AND (contype = 'f' OR contype IN ('p', 'u')
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = made.conrelid))
ORDER BY contype = 'f', conname
"""
INDEXES: Final = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY 1
"""


class _Constraint(NamedTuple):
    table: str
    name: str
    definition: str


@contextmanager
def set_aside(tables: Sequence[str]) -> Iterator[None]:
    """Drop the foreign keys and indexes of `tables` while the `with` block runs.

    Indexes to which foreign keys point stay. At the end, all dropped ones are made again, which
    checks every row. This takes a fraction of the time of updating the indexes with each row. Call
    this in a transaction, so that it is done completely or not at all.
    """
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(tables)])
        indexes = cursor.fetchall()
        cursor.execute(CONSTRAINTS, [list(tables)])
        constraints = [_Constraint(*row) for row in cursor.fetchall()]
        quote = connection.ops.quote_name
        for constraint in reversed(constraints):
            name = quote(constraint.name)
            cursor.execute(f"ALTER TABLE {constraint.table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            # With ONLY, a partitioned table's index would leave out its partitions.
            cursor.execute(definition.replace(" ON ONLY ", " ON "))
        for constraint in constraints:
            added = f"ADD CONSTRAINT {quote(constraint.name)} {constraint.definition}"
            cursor.execute(f"ALTER TABLE {constraint.table} {added}")


def copy(target: str, blocks: Iterator[bytes]) -> None:
    """Run COPY with rows in text form into `target`, a table with its columns."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {target} FROM STDIN", _Stream(blocks), 1 << 20)


def in_order(
    draw: Callable[[int], bytes], blocks: int, *, processes: ProcessPoolExecutor, ahead: int
) -> Iterator[bytes]:
    """Call `draw` for each block in `processes`; yield in order, at most `ahead` blocks early."""
    waiting: deque[Future[bytes]] = deque()
    for block in range(blocks):
        waiting.append(processes.submit(draw, block))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class _Stream(io.RawIOBase):
    """Presents blocks as the file that COPY reads."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = memoryview(block)
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)

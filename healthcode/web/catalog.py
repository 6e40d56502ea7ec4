"""Compare the tables of the database with the tables that this version needs, line by line.

`catalog.txt` describes an empty database after `migrate`; `make schema` writes it. Additional
tables and columns are allowed, because an older version keeps running after a newer one has
migrated.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from django.db import connection

FILE: Final = Path(__file__).with_name("catalog.txt")
_SHOWN: Final = 3
_BLANKS: Final = re.compile(r"[ \n]+")
_BRACKETS_AND_CASTS: Final = re.compile(r"::(character varying|text)|\[\]|[()]")

# Partitions are left out, because they equal their table. NOT NULL is part of the columns' lines.
CATALOG: Final = """
WITH tables AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
)
SELECT 'table ' || relname FROM tables
UNION ALL
SELECT format('column %s.%s %s%s%s', relname, attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN ' not null' ELSE '' END,
        coalesce(' default ' || pg_get_expr(adbin, adrelid), ''))
    FROM tables JOIN pg_attribute ON attrelid = oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT format('constraint %s.%s %s', relname, conname, pg_get_constraintdef(pg_constraint.oid))
    FROM tables JOIN pg_constraint ON conrelid = tables.oid WHERE contype <> 'n'
UNION ALL
SELECT 'index ' || pg_get_indexdef(indexrelid)
    FROM tables JOIN pg_index ON indrelid = oid
"""


def lines() -> list[str]:
    """Describe the database: its tables, columns with types, constraints and indexes, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(CATALOG)
        return in_order(row[0] for row in cursor.fetchall())


def in_order(rows: Iterable[str]) -> list[str]:
    """Write each row of CATALOG on one line, and sort the lines.

    Conditions lose brackets and casts, because a dump and restore writes these differently.
    """
    return sorted(_BLANKS.sub(" ", _plain(row)) for row in rows)


def _plain(row: str) -> str:
    return row if row.startswith("column ") else _BRACKETS_AND_CASTS.sub("", row)


def missing() -> list[str]:
    """Return the lines that this version needs and the database does not have."""
    return sorted(_expected() - set(lines()))


def schema_state() -> str:
    """Return "ok", or what is missing. Raises DatabaseError."""
    return told(missing()) or "ok"


def told(gaps: Iterable[str]) -> str:
    """Name the first gaps and their number; "" when there are none."""
    found = list(gaps)
    shown = ", ".join(line.split(" not null")[0][:80] for line in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"missing: {shown}{more}" if found else ""


@cache
def _expected() -> frozenset[str]:
    return frozenset(FILE.read_text("utf-8").splitlines())

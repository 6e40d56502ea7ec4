"""Which areas numbers of identity documents can begin with, for the accounts room below."""

import csv
from functools import cache
from pathlib import Path

DIVISIONS = Path(__file__).parent / "data" / "divisions.csv"


def has_been_an_area(code: str) -> bool:
    """Whether a county with this code (6 digits) has existed at any time since 1980."""
    return code in _counties()


@cache
def _counties() -> frozenset[str]:
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        return frozenset(row["code"] for row in csv.DictReader(file) if len(row["code"]) == 6)

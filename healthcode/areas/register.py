"""The register: every division of China since 1980, read from `data/divisions.csv`."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from healthcode.core.instants import read_date

DIVISIONS: Final = Path(__file__).parent / "data" / "divisions.csv"
DIGITS: Final = (2, 4, 6, 9)


@dataclass(frozen=True, slots=True)
class Division:
    """A division of the register; `ends` is the first day on which its code was no longer valid."""

    name: str
    begins: date | None
    ends: date | None


def containing(code: str) -> tuple[str, ...]:
    """Return the code and all divisions that contain it: '330102' -> ('33', '3301', '330102')."""
    return tuple(code[:digits] for digits in DIGITS if len(code) >= digits)


@cache
def register() -> Mapping[str, Division]:
    """Return every division since 1980, by code; the file is read once."""
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        return MappingProxyType(
            {
                row["code"]: Division(row["name"], _day(row["begins"]), _day(row["ends"]))
                for row in csv.DictReader(file)
            }
        )


def _day(text: str) -> date | None:
    return read_date(text) if text else None

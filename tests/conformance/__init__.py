"""The core against test suites that others wrote: `python -m tests.conformance`.

A suite is a folder of ../shared/data (or where SHARED_DATA says), read where it lies. What the
core answers otherwise than expected is explained in docs/conformance.md, name by name.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


class Agreement(StrEnum):
    AGREED = "agreed"
    DIFFERING = "differing"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Finding:
    """One expectation of one vector, and whether the core meets it."""

    name: str
    agreement: Agreement
    detail: str = ""


@dataclass(frozen=True)
class Suite:
    title: str
    path: Path
    run: Callable[[Path], Iterator[Finding]]


def compare(name: str, expected: object, found: object) -> Finding:
    if expected == found:
        return Finding(name, Agreement.AGREED)
    return Finding(name, Agreement.DIFFERING, f"expected {expected}, found {found}")


def not_applicable(name: str, why: str) -> Finding:
    return Finding(name, Agreement.NOT_APPLICABLE, why)

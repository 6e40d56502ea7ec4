"""Run the core against test suites that others wrote: `python -m tests.conformance`.

A suite is a folder of ../shared/data (or of SHARED_DATA), read in place. Where its vectors are
wrong, `faults` names each of them, and docs/conformance.md explains it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.conformance.faults import FAULTS

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


class Agreement(StrEnum):
    AGREED = "agreed"
    FAULT = "vector's fault"
    DIFFERING = "ours"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Finding:
    """One expectation of a vector, and whether the core meets it."""

    name: str
    agreement: Agreement
    detail: str = ""


@dataclass(frozen=True)
class Suite:
    title: str
    path: Path
    run: Callable[[Path], Iterator[Finding]]


def compare(name: str, expected: object, found: object) -> Finding:
    """A finding. One of `faults` that no longer occurs is a difference, too."""
    detail = f"expected {expected}, found {found}"
    if FAULTS.get(name) == (None if expected == found else detail):
        return Finding(name, Agreement.AGREED if expected == found else Agreement.FAULT, detail)
    return Finding(name, Agreement.DIFFERING, detail)


def not_applicable(name: str, why: str) -> Finding:
    return Finding(name, Agreement.NOT_APPLICABLE, why)

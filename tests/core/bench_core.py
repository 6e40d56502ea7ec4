"""Measure the core: `python -m tests.core.bench_core`. Exit status 1 if a target is missed.

It measures how long one code takes to sign, to read and to verify. For status lists, run `make
bench SUITES=status`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from healthcode.core import Rules, Statuses, cose, decode, verify
from tests.core.forge import NOON, PHONE, ZHEJIANG, signed
from tests.core.worlds import status_token, trust


@dataclass(frozen=True)
class CoreFigure:
    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def missed(self) -> bool:
        return self.target is not None and self.value > self.target

    def __str__(self) -> str:
        target = "" if self.target is None else f"  (at most {self.target:,g} {self.unit})"
        return f"{self.name:<46} {self.value:>10,.2f} {self.unit}{target}"


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """Return the average processor time of one run over `times` runs.

    Other programs may be using the processor too.
    """
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def code_figures() -> list[CoreFigure]:
    known, rules = trust(), Rules()
    status = Statuses.load([status_token()], trust=known, at=NOON)
    text = signed()

    def judge() -> None:
        verify(text, trust=known, status=status, rules=rules, at=NOON)

    read, key = decode(text), ZHEJIANG.key()
    algorithm, public_key = key.algorithm, key.public_key

    def check_signature() -> None:
        cose.signature_holds(algorithm, public_key, read.signed_bytes, read.signature)

    # In turns, so that whatever else the machine does affects both.
    turns = [(seconds(judge, 50), seconds(check_signature, 50)) for _ in range(40)]
    judging, checking = (min(turn) for turn in zip(*turns, strict=True))
    return [
        CoreFigure("characters of a code", len(text), ""),
        CoreFigure("characters of a bound code", len(signed(phone_key=PHONE.point)), ""),
        CoreFigure("signing a code", seconds(signed, 500) * 1e6, "µs"),
        CoreFigure("decoding a code", seconds(lambda: decode(text), 2_000) * 1e6, "µs"),
        CoreFigure("verifying a code", judging * 1e6, "µs", 2_000),
        CoreFigure("  of which its signature check", checking * 1e6, "µs"),
        CoreFigure("  the check's share", 100 * checking / judging, "%"),
        CoreFigure("verdicts a second on one core", 1 / judging, ""),
    ]


def main() -> int:
    figures = code_figures()
    for figure in figures:
        print(figure)
    return int(any(figure.missed for figure in figures))


if __name__ == "__main__":
    sys.exit(main())

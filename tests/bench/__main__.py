"""`make bench`: measure every suite, or those named; print a table and write a JSON file."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from tests.bench import report
from tests.bench.figures import Figure
from tests.bench.stage import SIZES, stage
from tests.bench.suites import SUITES


def main() -> int:
    parser = _options()
    options = parser.parse_args()
    if unknown := set(options.suites) - set(SUITES):
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    size = SIZES[options.size]
    figures: list[Figure] = []
    with stage(size) as here:
        for name in options.suites or SUITES:
            here.say(f"{name} …")
            for figure in SUITES[name](here):
                figures.append(figure)
                # Printed and flushed at once, because a run takes hours and may be stopped before
                # its end.
                report.write(figures, options.out, size=size.name)
                low, high = figure.spread
                here.say(f"  {figure.measure}: {figure.ratio:.2f} ({low:.2f}–{high:.2f})")
            here.clear()
    print(report.table(figures))
    print(report.notes(figures))
    print(f"\nEvery round is in {options.out}.", file=sys.stderr)
    return 0


def _options() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("suites", nargs="*", help=f"of {', '.join(SUITES)}; all when none is named")
    parser.add_argument("--size", choices=SIZES, default=os.environ.get("SIZE", "small"))
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main())

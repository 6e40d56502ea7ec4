"""`make test-clocks`: run the tests marked `clock` and the bench of the door at odd moments."""

import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Final

from healthcode.web.days import SHANGHAI
from tests.clocks import moved

# The day before a year of 366 days, and the day before its 29 February.
DAYS: Final = (date(2027, 12, 31), date(2028, 2, 28))
# In Shanghai: twice a moment when the day there is not the day in UTC, and a midnight during the
# tests.
HOURS: Final = (clock_time(0, 30), clock_time(7, 30), clock_time(23, 58))


def main() -> int:
    options = _options()
    failed = []
    with tempfile.TemporaryDirectory(prefix="healthcode-clocks-") as folder:
        library = moved.build(Path(folder))
        for moment in _moments():
            began = time.monotonic()
            for name, command in _commands(options.processes, Path(folder)):
                print(f"{moment:%Y-%m-%d %H:%M} {name} …", file=sys.stderr, flush=True)
                if subprocess.run(command, env=_at(library, moment), check=False).returncode:
                    failed.append(f"{moment:%Y-%m-%d %H:%M} {name}")
            seconds = time.monotonic() - began
            print(f"{moment:%Y-%m-%d %H:%M} took {seconds:.0f} s", file=sys.stderr, flush=True)
    for what in failed:
        print(f"FAILED {what}", file=sys.stderr)
    return 1 if failed else 0


def _moments() -> Iterator[datetime]:
    for day in DAYS:
        for hour in HOURS:
            yield datetime.combine(day, hour, SHANGHAI)


def _at(library: Path, moment: datetime) -> Mapping[str, str]:
    return moved.environment(library, moment)


def _commands(processes: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    pytest = ["-m", "pytest", "-q", "--numprocesses", processes, "--maxprocesses", "4"]
    yield "tests", [sys.executable, *pytest, "-m", "clock"]
    bench = ["-m", "tests.bench", "--size", "small", "--out", str(folder / "bench.json"), "door"]
    yield "bench", [sys.executable, *bench]


def _options() -> "Options":
    parser = ArgumentParser(prog="python -m tests.clocks", description=__doc__)
    parser.add_argument("--processes", default="logical", help="that run tests side by side")
    return parser.parse_args(namespace=Options())


class Options:
    """Read the command line."""

    processes: str


if __name__ == "__main__":
    sys.exit(main())

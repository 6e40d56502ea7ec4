"""Run a worker in its own process: `python -m tests.bench.worker RECOMPUTATION`.

It prints `ready` once it has a connection, and starts when it is told to. At the end it prints the
seconds and the memory (peak resident set, in bytes) that it took.
"""

import json
import resource
import subprocess
import sys
from time import perf_counter
from typing import NamedTuple

import django


class Work(NamedTuple):
    """What a worker reported."""

    seconds: float
    peak_bytes: int


class Worker:
    """The parent's side: a worker that waits for its signal."""

    def __init__(self, recomputation: int, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.worker", str(recomputation)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._expect("ready")

    def begin(self) -> None:
        """Start the worker."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def result(self) -> Work:
        """Wait until the worker has finished."""
        assert self._process.stdout is not None
        work = Work(**json.loads(self._process.stdout.readline()))
        assert self._process.wait(30) == 0
        return work

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        assert said == word, f"The worker said {said!r}"


def main(recomputation: int) -> None:
    """Work on a recomputation until nothing is left."""
    django.setup()
    from django.db import connection

    from healthcode.colours.recompute import run

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    began = perf_counter()
    run(recomputation)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))

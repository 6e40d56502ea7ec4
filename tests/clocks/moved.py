"""Run processes at another time: a preloaded library moves their wall clock."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

SOURCE = Path(__file__).with_name("moved_clock.c")
# How long a process may take to start and read the clock.
SLACK = timedelta(minutes=1)


class NotMoved(Exception):
    """Raised if the preload has no effect."""


def build(folder: Path) -> Path:
    """Compile the preload; return its path."""
    library = folder / "moved_clock.so"
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
    subprocess.run(["gcc", *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path, to: datetime) -> Mapping[str, str]:
    """Return this environment for processes, and their children, for which it is `to` now.

    Raises:
        NotMoved: the processes have another time.
    """
    # The caller may already have a moved clock.
    here = int(os.environ.get("CLOCK_MOVED_BY", "0"))
    moved_by = here + round((to - datetime.now(to.tzinfo)).total_seconds())
    found = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_MOVED_BY": str(moved_by)}
    told = asked("import time; print(time.time())", found)
    if not to - SLACK <= datetime.fromtimestamp(float(told), to.tzinfo) <= to + SLACK:
        raise NotMoved(f"It should be {to} in there, and is {told.strip()}.")
    return found


def asked(program: str, environment: Mapping[str, str]) -> str:
    """Return what a Python program prints in this environment."""
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout

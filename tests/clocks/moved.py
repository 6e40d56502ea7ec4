"""Processes that live at another time: a preload of ours moves the clock of the wall for them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

SOURCE = Path(__file__).with_name("moved_clock.c")
# How long a process may take to start and look at the clock.
SLACK = timedelta(minutes=1)


class NotMoved(Exception):
    """The preload does not take effect here."""


def build(folder: Path) -> Path:
    """Compile the preload; where it is."""
    library = folder / "moved_clock.so"
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]
    subprocess.run(["gcc", *options, "-o", library, SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path, to: datetime) -> Mapping[str, str]:
    """This environment, for processes to which it is `to` now; their children are there too.

    Raises:
        NotMoved: another time reigns in them.
    """
    # Whoever asks may be at another time already.
    here = int(os.environ.get("CLOCK_MOVED_BY", "0"))
    moved_by = here + round((to - datetime.now(to.tzinfo)).total_seconds())
    found = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_MOVED_BY": str(moved_by)}
    told = asked("import time; print(time.time())", found)
    if not to - SLACK <= datetime.fromtimestamp(float(told), to.tzinfo) <= to + SLACK:
        raise NotMoved(f"It should be {to} in there, and is {told.strip()}.")
    return found


def asked(program: str, environment: Mapping[str, str]) -> str:
    """What a Python program prints in such an environment."""
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout

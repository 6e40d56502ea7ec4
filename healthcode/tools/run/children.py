"""Start and stop child processes that never outlive this process."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

LAUNCH = str(Path(__file__).with_name("launch.py"))
_PR_SET_CHILD_SUBREAPER = 36


class LocalError(Exception):
    """Raised for what this machine lacks or refuses. The message is the sentence to print."""


def start(
    command: list[str],
    *,
    output: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str = "",
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own process group.

    The process gets the signal `when_orphaned` when this process dies, however it dies. Call this
    from the main thread only, because the kernel ties a child to the thread that started it.
    """
    launcher = [sys.executable, "-I", "-S", LAUNCH, str(os.getpid()), str(int(when_orphaned))]
    return subprocess.Popen(  # noqa: S603 - our own launcher
        [*launcher, user, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environment) if environment is not None else None,
        cwd=folder,
        start_new_session=True,
    )


def stop(
    process: subprocess.Popen[bytes], *, sign: signal.Signals = signal.SIGTERM, patience: float = 10
) -> None:
    """Ask `process` to end, kill it after `patience` seconds, and kill what it leaves running."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    _kill(family)


def adopt_orphans() -> None:
    """Make orphaned grandchildren children of this process, so that none of them escapes."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def is_parent_ending(parent: int) -> bool:
    """Return whether `make`, which started this process, has ended or is about to end.

    If `make` alone gets a signal, it blocks that signal and waits for this process without telling
    it. So this function looks at the signals that `make` blocks. It returns False if `make` did not
    start this process (no MAKELEVEL), because then this process may outlive its parent.
    """
    if "MAKELEVEL" not in os.environ:
        return False
    if os.getppid() != parent:
        return True
    status = Path("/proc", str(parent), "status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    return any(blocked & 1 << sign - 1 for sign in (signal.SIGINT, signal.SIGHUP))


def kill_descendants() -> None:
    """Kill all descendants of this process."""
    _kill(psutil.Process().children(recursive=True))


def end(pid: int, started: float, *, patience: float = 10) -> None:
    """Stop process `pid` and its descendants, if it is still the one that started at `started`."""
    try:
        process = psutil.Process(pid)
        if abs(process.create_time() - started) > 1:
            return
        family = process.children(recursive=True)
        process.terminate()
        with contextlib.suppress(psutil.TimeoutExpired):
            process.wait(patience)
    except psutil.NoSuchProcess:
        return
    _kill([process, *family])


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=5)

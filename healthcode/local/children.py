"""Starting and stopping child processes that never outlive this one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

_LAUNCH = str(Path(__file__).with_name("launch.py"))


class LocalError(Exception):
    """Something this machine lacks or refuses; the message is the sentence to print."""


def start(
    command: list[str],
    *,
    output: IO[bytes] | int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: str = "",
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own.

    It gets `when_orphaned` when this process dies, however it dies. Must be called from the main
    thread: the kernel ties a child to the thread that made it.
    """
    launcher = [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), str(int(when_orphaned))]
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
    """Ask `process` to end, then end whatever is left of its group after `patience` seconds."""
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    end_group(process.pid)


def end_group(group: int) -> None:
    """Kill what is left of a process group, and wait until the machine has forgotten it."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        if all(_is_over(pid) for pid in _members(group)):
            return
        time.sleep(0.05)


def _members(group: int) -> list[int]:
    return [pid for pid in psutil.pids() if _group_of(pid) == group]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _is_over(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

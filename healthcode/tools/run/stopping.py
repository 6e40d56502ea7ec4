"""Ending in order: when somebody asks a supervisor to stop, and when something is in its way."""

import signal
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from healthcode.tools.run import state as local_state
from healthcode.tools.run.children import LocalError

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """Somebody asked the service to stop; no code in between may mistake it for a failure."""


def supervised(folder: Path, serve: Callable[[], None]) -> int:
    """Serve with `folder` as the state until asked to stop; the exit status.

    What is in the way is told in one sentence.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal's encoding may lack what a folder is called, or what a process says.
            stream.reconfigure(errors="backslashreplace")
    listen()
    try:
        with local_state.lock(folder):
            serve()
    except StopRequestedError:
        return 0
    except LocalError as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1
    except OSError as problem:
        print(
            f"{problem.filename or folder} cannot be used ({problem.strerror}): set VAR to a "
            "folder that may be written to, with room on its disk.",
            file=sys.stderr,
            flush=True,
        )
        return 1
    return 0


def listen() -> None:
    """Raise StopRequestedError wherever the main thread is when a stop is asked for."""
    for sign in _STOPPING:
        signal.signal(sign, _request_stop)


def ignore() -> None:
    """Let nobody interrupt what has begun: the stopping itself."""
    for sign in _STOPPING:
        signal.signal(sign, signal.SIG_IGN)


def _request_stop(_signal: int, _frame: FrameType | None) -> None:
    ignore()
    raise StopRequestedError

"""End in order: when somebody asks a supervisor to stop, and when something goes wrong."""

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
    """Raised if somebody asks the service to stop.

    It is no Exception, so nobody takes it for a failure.
    """


def supervised(folder: Path, serve: Callable[[], None]) -> int:
    """Serve with `folder` as the state folder until asked to stop; return the exit status.

    If something is in the way, print it in one sentence.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal's encoding may lack characters of a folder's name or of a process's output.
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
    """Raise StopRequestedError in the main thread when a stop is asked for."""
    for sign in _STOPPING:
        signal.signal(sign, _request_stop)


def ignore() -> None:
    """Ignore further signals, so that nobody interrupts the stopping."""
    for sign in _STOPPING:
        signal.signal(sign, signal.SIG_IGN)


def _request_stop(_signal: int, _frame: FrameType | None) -> None:
    ignore()
    raise StopRequestedError

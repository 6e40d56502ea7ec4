"""Ending in order when somebody asks a supervisor to stop."""

import signal
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(BaseException):
    """Somebody asked the service to stop; no code in between may mistake it for a failure."""


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

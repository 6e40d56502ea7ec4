"""What can be wrong with the public log. Each is a sentence for the operator."""

import logging
import time
from typing import Final

QUIET_SECONDS: Final = 60
"""How often the same fault is logged, because the tasks run every second or so."""


class LogFault(Exception):
    """The log cannot be extended or read. The sentence says what an operator can do.

    Acts are still recorded: their leaves wait.
    """


class FaultLog:
    """Logs each fault once in a while, under the name of a module."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)
        self._said: dict[str, float] = {}

    def say(self, fault: str) -> None:
        """Log a fault at level ERROR, unless it was logged less than `QUIET_SECONDS` ago."""
        now = time.monotonic()
        if now >= self._said.get(fault, now):
            self._said[fault] = now + QUIET_SECONDS
            self._logger.error("%s", fault)

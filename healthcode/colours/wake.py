"""Tell workers that there is something to do.

The work itself is in the database. A lost message costs only time, because the sweep finds the
work.
"""

import logging
import time
from collections.abc import Mapping
from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

DEAF_SECONDS: Final = 10
"""How long to wait before a broker that refused a message gets another one.

A resident whose declaration is stored must not wait for the broker, and the sweep runs soon anyway.
"""


class _Broker:
    """Remembers whether the broker took the last message."""

    def __init__(self) -> None:
        self._deaf_until = 0.0

    def send(self, task: str, arguments: Mapping[str, int | str]) -> None:
        if time.monotonic() < self._deaf_until:
            return
        try:
            current_app.send_task(task, kwargs=dict(arguments))
        except OperationalError as error:
            self._deaf_until = time.monotonic() + DEAF_SECONDS
            logger.warning(
                "The broker does not take %s %s (%s); for %d seconds the sweep finds the work",
                task,
                arguments,
                type(error.__cause__ or error).__name__,
                DEAF_SECONDS,
            )


_broker: Final = _Broker()


def send(task: str, **arguments: int | str) -> None:
    """Send the Celery task named `task`. If the broker does not answer, only log it."""
    _broker.send(task, arguments)

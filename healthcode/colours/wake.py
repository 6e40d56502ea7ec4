"""Telling workers that there is something to do. The database holds the work, so a message that
is lost costs time only: the sweep finds what nobody was told of."""

import logging
import time
from collections.abc import Mapping
from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

DEAF_SECONDS: Final = 10
"""A broker that did not take a message is not asked again for so long: a resident whose
declaration is stored must not wait for it, and the sweep comes as soon."""


class _Broker:
    """Whether the broker listened when it was last told something."""

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
                "The broker does not take %s %s (%s); for %d seconds the sweep sees to all",
                task,
                arguments,
                type(error.__cause__ or error).__name__,
                DEAF_SECONDS,
            )


_broker: Final = _Broker()


def send(task: str, **arguments: int | str) -> None:
    """Send Celery task `task`, by its name; a broker that does not answer is logged, no more."""
    _broker.send(task, arguments)

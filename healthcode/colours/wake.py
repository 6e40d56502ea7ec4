"""Telling workers that there is something to do. The database holds the work, so a message that
is lost costs time only: the sweep finds what nobody was told of."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(task: str, **arguments: int | str) -> None:
    """Send Celery task `task`, by its name; a broker that does not answer is logged, no more."""
    try:
        current_app.send_task(task, kwargs=arguments)
    except OperationalError as error:
        logger.warning(
            "The broker does not take %s %s (%s); the sweep will see to it",
            task,
            arguments,
            type(error.__cause__ or error).__name__,
        )

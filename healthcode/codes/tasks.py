"""Celery tasks of the codes room."""

import logging

from celery import current_app, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from healthcode.codes import publishing

logger = logging.getLogger(__name__)


@shared_task(name="codes.publish")
def publish() -> None:
    """Bring the status lists up to date, and have them fetched at once by our own doors."""
    built = publishing.publish(at=timezone.now())
    if built:
        logger.info("published %d status lists", built)
        _tell_the_doors()


def _tell_the_doors() -> None:
    try:
        current_app.send_task("verifier.refresh")
    except OperationalError:
        # Nothing is lost: doors fetch the lists by themselves, only later.
        logger.warning("the broker is down; doors fetch the status lists at their next turn")

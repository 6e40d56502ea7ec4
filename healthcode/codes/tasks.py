"""Celery tasks of the codes room; each is one domain call."""

from celery import shared_task
from django.utils import timezone

from healthcode.codes.status_lists import editions
from healthcode.colours.wake import send


@shared_task(name="codes.publish")
def publish() -> None:
    """Bring the status lists up to date, and have our own doors fetch what is new at once.

    Then look once more: others who came meanwhile have left it to this publisher.
    """
    if editions.publish_unless_busy(at=timezone.now()):
        send("verifier.refresh")
        send("codes.publish")

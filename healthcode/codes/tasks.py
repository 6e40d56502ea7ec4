"""The codes room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.codes.status_lists import editions
from healthcode.colours.wake import send


@shared_task(name="codes.publish")
def publish() -> None:
    """Bring the status lists up to date.

    If a list was built, tell this service's doors to fetch it, and send this task once more,
    because other publishers may have left new changes to this one while it was busy.
    """
    if editions.publish_unless_busy(at=timezone.now()):
        send("verifier.refresh")
        send("codes.publish")

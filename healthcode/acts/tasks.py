"""The acts room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.acts.log import sequencer


@shared_task(name="acts.extend_log")
def extend_log() -> None:
    """Extend the public log by the leaves that wait."""
    sequencer.keep_extending(at=timezone.now())

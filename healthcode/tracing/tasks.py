"""Periodic work of the tracing room; `tracing.place` lives above, where all rooms can be seen."""

from celery import shared_task
from django.utils import timezone

from healthcode.tracing import partitions


@shared_task(name="tracing.partitions")
def maintain() -> None:
    """Make the days' partitions of presences and drop those past retention."""
    partitions.maintain(at=timezone.now())

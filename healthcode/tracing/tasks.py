"""Periodic work of the tracing room. The task `tracing.place` lies above, in `scan_tracing`."""

from celery import shared_task
from django.utils import timezone

from healthcode.tracing import partitions


@shared_task(name="tracing.partitions")
def maintain() -> None:
    """Make the days' partitions of presences and drop those past retention."""
    partitions.maintain(at=timezone.now())

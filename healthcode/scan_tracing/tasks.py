"""Resolving scans for tracing, in a process that holds the key of the pseudonyms."""

from celery import shared_task
from django.utils import timezone

from healthcode.scan_tracing import inquiries


@shared_task(name="tracing.place")
def place(*, inquiry_id: int) -> None:
    """Resolve the scans that an inquiry needs."""
    inquiries.place(inquiry_id, at=timezone.now())


@shared_task(name="tracing.place_waiting")
def place_waiting() -> None:
    """Resolve what no message told of."""
    inquiries.place_waiting(at=timezone.now())

"""Celery tasks that resolve scans; they run in processes that have the key of the pseudonyms."""

from celery import shared_task
from django.utils import timezone

from healthcode.scan_tracing import inquiries


@shared_task(name="tracing.place")
def place(*, inquiry_id: int) -> None:
    """Resolve the scans of one inquiry, as soon as it was opened."""
    inquiries.place(inquiry_id, at=timezone.now())


@shared_task(name="tracing.place_waiting")
def place_waiting() -> None:
    """Resolve the scans of inquiries whose message was lost. Runs every few seconds."""
    inquiries.place_waiting(at=timezone.now())

"""The verifier's periodic work; each task is one domain call."""

from celery import shared_task
from django.utils import timezone

from verifier.doors import doubts as code_doubts
from verifier.recognition.refresh import refresh_all


@shared_task(name="verifier.refresh")
def refresh() -> None:
    """Fetch what the trusted issuers publish."""
    refresh_all(at=timezone.now())


@shared_task(name="verifier.doubts")
def doubts() -> None:
    """Tell venues of pictures that were likely copied."""
    code_doubts.look(at=timezone.now())

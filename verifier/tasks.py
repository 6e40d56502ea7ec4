"""The verifier's periodic tasks. Each makes one call."""

from celery import shared_task
from django.utils import timezone

from verifier.doors import doubts as code_doubts
from verifier.recognition.refresh import refresh_all


@shared_task(name="verifier.refresh")
def refresh() -> None:
    """Fetch the trust list, and the keys and status lists of all issuers."""
    refresh_all(at=timezone.now())


@shared_task(name="verifier.doubts")
def doubts() -> None:
    """Find codes that may have been shown as copies, and tell their venues."""
    code_doubts.look(at=timezone.now())

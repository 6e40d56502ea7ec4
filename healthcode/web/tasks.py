"""The tasks that beat starts."""

from celery import shared_task
from django.utils import timezone

from healthcode.web import keeping


@shared_task(name="web.forget")
def forget(*, cadence: str) -> None:
    """Delete rows whose time is over, in the tables that are due at this cadence."""
    keeping.forget(keeping.Cadence(cadence), at=timezone.now())

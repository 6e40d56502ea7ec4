"""What Celery calls on its clock."""

from celery import shared_task
from django.utils import timezone

from healthcode.web import keeping


@shared_task(name="web.forget")
def forget(*, cadence: str) -> None:
    """Delete what has served its time, of the tables that are due at this cadence."""
    keeping.forget(keeping.Cadence(cadence), at=timezone.now())

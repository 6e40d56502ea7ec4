"""The confirmation room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.confirmation import telling


# Beat sends this every few seconds, so a message that has waited longer is of no use.
@shared_task(name="confirmation.tell_of_alarms", expires=60)
def tell_of_alarms() -> None:
    """Tell whoever can answer the alarms that nobody has answered."""
    telling.tell_of_alarms(at=timezone.now())

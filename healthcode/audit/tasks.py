"""The audit room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.audit import services


# Beat sends this every minute, so a message that has waited longer is of no use.
@shared_task(name="audit.audit_tonight", expires=60)
def audit_tonight() -> None:
    """Go on with this night's audit."""
    services.audit_tonight(clock=timezone.now)

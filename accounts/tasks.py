"""What this room does by itself."""

import logging

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import services

logger = logging.getLogger(__name__)


@shared_task(name="accounts.forget")
def forget() -> None:
    """Delete one-time codes, tokens, counted uses and sessions that have served their time."""
    now = timezone.now()
    rows = services.forget(at=now) + Session.objects.filter(expire_date__lt=now).delete()[0]
    logger.info("Forgot %d expired rows", rows)

"""The acts room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.acts.log import looks, sequencer
from healthcode.acts.witnessing import asking


@shared_task(name="acts.extend_log")
def extend_log() -> None:
    """Extend the public log by the leaves that wait."""
    sequencer.keep_extending(at=timezone.now())


@shared_task(name="acts.log_looks")
def log_looks() -> None:
    """Append the leaves of the hours whose looks are not in the public log yet."""
    looks.log_looks(at=timezone.now())


@shared_task(name="acts.ask_witnesses")
def ask_witnesses() -> None:
    """Ask the witnesses to cosign the newest checkpoint of the public log."""
    asking.ask_witnesses(at=timezone.now())

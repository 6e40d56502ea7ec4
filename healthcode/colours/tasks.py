"""The colours room's Celery tasks; each makes one call."""

from celery import shared_task
from django.utils import timezone

from healthcode.colours import recompute as recomputing
from healthcode.colours import sweep as sweeping
from healthcode.colours import turned_red


@shared_task(name="colours.recompute")
def recompute(*, recomputation_id: int) -> None:
    """Do some batches of a recomputation, and ask for another turn unless nothing is left."""
    at_the_end = recomputing.run(recomputation_id, batches=recomputing.BATCHES_A_TURN)
    if not at_the_end:
        recomputing.wake(recomputation_id)


# Beat sends this every few seconds, so a message that has waited longer than 30 s is of no use.
@shared_task(name="colours.sweep", expires=30)
def sweep() -> None:
    """Do what no worker was told to do."""
    sweeping.sweep(at=timezone.now())


@shared_task(name="colours.count_turned_red", expires=600)
def count_turned_red() -> None:
    """Count who turned red on the days that have ended since the last time."""
    turned_red.count_days(at=timezone.now())

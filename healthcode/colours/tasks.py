"""What Celery calls; each task is one call into this room."""

from celery import shared_task
from django.utils import timezone

from healthcode.colours import recompute as recomputing
from healthcode.colours import sweep as sweeping


@shared_task(name="colours.recompute")
def recompute(*, recomputation_id: int) -> None:
    """Take a turn at a recomputation, and ask for another unless there is nothing left."""
    at_the_end = recomputing.run(recomputation_id, batches=recomputing.BATCHES_A_TURN)
    if not at_the_end:
        recomputing.wake(recomputation_id)


# Beat sends it every few seconds: one that waited for a worker longer than that is of no use.
@shared_task(name="colours.sweep", expires=30)
def sweep() -> None:
    """See to what time and accidents left undone."""
    sweeping.sweep(at=timezone.now())

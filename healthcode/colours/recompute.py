"""Recomputing colours as work that an act or new evidence makes necessary: asked for, and done.

docs/architecture.md tells how the parts fit together.
"""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from healthcode.acts.models import Act
from healthcode.colours.batches import (
    FAILURES,
    PEOPLE_A_BATCH,
    STALE_AFTER,
    TimeSource,
    do_one,
    finish,
    plan,
    record_failure,
)
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.wake import send

# How many workers beside the one that planned are woken for a large recomputation.
HELPERS: Final = 3
# A worker goes to the back of the queue after so many batches, so that others have their turn.
BATCHES_A_TURN: Final = 20


def request(
    *,
    cause: Cause,
    act: Act | None = None,
    areas: Collection[str] = (),
    touches_from: datetime | None = None,
    people: Collection[int] = (),
) -> Recomputation:
    """Ask for a recomputation in the caller's transaction; a worker is woken once it commits.

    Args:
        cause: decides which of the others count (see `Recomputation`).
        areas: codes of the areas whose levels changed.
        touches_from: the earliest instant from which a level is another than before.
        people: ids of those about whom something new is known.
    """
    recomputation = Recomputation.objects.create(
        cause=cause,
        act=act,
        areas=list(areas),
        touches_from=touches_from,
        people=sorted(set(people)),
        wake_at=Now() + STALE_AFTER,
    )
    transaction.on_commit(partial(wake, recomputation.pk))
    return recomputation


def run(
    recomputation_id: int, *, clock: TimeSource = timezone.now, batches: int | None = None
) -> bool:
    """Work on a recomputation until nothing is left to claim, or for `batches` batches.

    Several workers may run the same one at once. Returns whether it found no batch to claim.

    Raises:
        DatabaseError, NoPolicy, PolicyFault: noted on the row; the sweep tries again later.
    """
    try:
        found = plan(recomputation_id, clock=clock)
        if found:
            _call_helpers(recomputation_id, found)
        return _work(recomputation_id, clock=clock, batches=batches)
    except FAILURES as error:
        record_failure(recomputation_id, error, clock=clock)
        raise


def wake(recomputation_id: int) -> None:
    """Tell a worker that there is a recomputation to do."""
    send("colours.recompute", recomputation_id=recomputation_id)


def _call_helpers(recomputation_id: int, people: int) -> None:
    for _ in range(min(HELPERS, (people - 1) // PEOPLE_A_BATCH)):
        wake(recomputation_id)


def _work(recomputation_id: int, *, clock: TimeSource, batches: int | None) -> bool:
    changed = done = 0
    try:
        while batches is None or done < batches:
            batch = do_one(recomputation_id, clock=clock)
            if batch is None:
                finish(recomputation_id, clock=clock)
                return True
            done += 1
            changed += batch.changed
        return False
    finally:
        # Codes of those who changed are superseded: their bits must not wait for the last batch.
        if changed:
            send("codes.publish")

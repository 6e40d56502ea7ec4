"""Ask for recomputations, which acts and new evidence make necessary, and do them.

docs/architecture.md explains how the parts fit together.
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

# How many more workers the first one wakes for a large recomputation.
HELPERS: Final = 3
# After this many batches a worker goes to the back of the queue, so that other tasks get their
# turn.
BATCHES_A_TURN: Final = 20


def request(
    *,
    cause: Cause,
    act: Act | None = None,
    areas: Collection[str] = (),
    touches_from: datetime | None = None,
    people: Collection[int] = (),
) -> Recomputation:
    """Ask for a recomputation, in the caller's transaction. Its commit wakes a worker.

    Args:
        cause: decides which of the other arguments count (see `Recomputation`).
        areas: codes of the areas whose levels changed.
        touches_from: the earliest time at which a level differs from before.
        people: ids of people about whom there is new evidence.
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
    """Process batches of a recomputation until no free one is left, or until `batches` are done.

    Several workers may run the same recomputation at once. Return whether no batch was left.

    Raises:
        DatabaseError, PolicyFault, NoPolicy: the error is also stored with the recomputation; the
            sweep (a periodic task) tries again.
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
    """Tell a worker to do this recomputation."""
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
        # The codes of people whose colour changed are superseded now, so their bits must not wait
        # for the last batch.
        if changed:
            send("codes.publish")

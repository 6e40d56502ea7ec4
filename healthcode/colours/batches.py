"""Run a recomputation: plan it once, do it batch by batch, finish it once.

The whole state of a recomputation is in the database, so a worker may die at any point. The work
that the worker did not commit is still there, and the sweep (`healthcode.colours.sweep`) wakes
another worker for it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, OuterRef

from healthcode.colours import sql
from healthcode.colours.decide_many import codes_touched, recompute_people, wait_for_writers
from healthcode.colours.errors import NoPolicy
from healthcode.colours.mistakes import PolicyFault
from healthcode.colours.models import Cause, Recomputation, RecomputationBatch, RecomputationState

logger = logging.getLogger(__name__)

# Large enough that the cost of the transaction itself does not matter (two weeks of stays take less
# than 0.1 s), small enough that a declaration never waits for long (120 facts a person take 0.5 s).
PEOPLE_A_BATCH: Final = 2500
# If a recomputation has made no progress for this long, the sweep wakes another worker for it.
STALE_AFTER: Final = timedelta(seconds=20)
TRIES: Final = 5
LONGEST_PAUSE: Final = timedelta(minutes=10)
FAILURES: Final = (DatabaseError, NoPolicy, PolicyFault)

TOUCHED: Final = {
    Cause.LEVELS: sql.TOUCHED_BY_LEVELS,
    Cause.EVIDENCE: sql.LISTED,
    Cause.POLICY: sql.EVERYBODY,
}
CLAIM: Final = """
DELETE FROM colours_recomputationbatch WHERE id = (
    SELECT id FROM colours_recomputationbatch WHERE recomputation_id = %s
    ORDER BY tries, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, people
"""

# The server does not wait for the disk when a batch commits. If it loses power within the next
# second, the batch and everything after it may be lost; then another worker does it again. The last
# commit of a recomputation (`finish`) waits for the disk, and thereby secures all commits before
# it.
COMMIT_UNAWAITED: Final = "SELECT set_config('synchronous_commit', 'off', true)"

TimeSource = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DoneBatch:
    """What one batch did."""

    people: int
    changed: int


def plan(recomputation_id: int, *, clock: TimeSource) -> int | None:
    """Find the people whom a recomputation affects, and store them as batches.

    Return how many people it found, or None if another worker has planned it or is planning it now.

    Raises:
        OperationalError: the transactions that write colours did not end in time.
    """
    waiting = Recomputation.objects.filter(pk=recomputation_id, started_at__isnull=True)
    cause = waiting.values_list("cause", flat=True).first()
    if cause is None:
        return None
    # Evidence names its people, and the batch locks them and reads their facts again, so none is
    # missed.
    if cause != Cause.EVIDENCE:
        wait_for_writers()
    with transaction.atomic(), connection.cursor() as cursor:
        row = waiting.select_for_update(no_key=True, skip_locked=True).first()
        if row is None:
            return None
        cursor.execute(COMMIT_UNAWAITED)
        cursor.execute(
            sql.plan(TOUCHED[Cause(row.cause)]),
            {
                "recomputation": row.pk,
                "size": PEOPLE_A_BATCH,
                "codes": codes_touched(row.areas),
                "touches_from": row.touches_from,
                "people": row.people,
            },
        )
        (found,) = cursor.fetchone()
        row.state = RecomputationState.RUNNING
        row.people_found = int(found)
        row.started_at = clock()
        row.wake_at = row.started_at + STALE_AFTER
        row.save(update_fields=["state", "people_found", "started_at", "wake_at"])
    return int(found)


def do_one(recomputation_id: int, *, clock: TimeSource) -> DoneBatch | None:
    """Do the next batch that nobody else works on, in one transaction.

    Return None if there is none.

    Raises:
        DatabaseError, NoPolicy, PolicyFault: the batch stays, and is tried again after the others.
    """
    batch_id: int | None = None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CLAIM, [recomputation_id])
            claimed = cursor.fetchone()
            if claimed is None:
                return None
            batch_id, people = claimed
            cursor.execute(COMMIT_UNAWAITED)
            at = clock()
            changed = recompute_people(people, at=at, recomputation=recomputation_id)
            Recomputation.objects.filter(pk=recomputation_id).update(
                state=RecomputationState.RUNNING,
                people_done=F("people_done") + len(people),
                people_changed=F("people_changed") + changed,
                failure="",
                tries=0,
                wake_at=at + STALE_AFTER,
            )
            return DoneBatch(people=len(people), changed=changed)
    except FAILURES:
        if batch_id is not None:
            RecomputationBatch.objects.filter(pk=batch_id).update(tries=F("tries") + 1)
        raise


def finish(recomputation_id: int, *, clock: TimeSource) -> bool:
    """Mark a planned recomputation as done if no batch is left. Return whether this call did so."""
    left = RecomputationBatch.objects.filter(recomputation=OuterRef("pk"))
    finished = (
        Recomputation.objects.filter(
            ~Exists(left), pk=recomputation_id, started_at__isnull=False, finished_at__isnull=True
        )
    ).update(state=RecomputationState.DONE, finished_at=clock())
    return bool(finished)


def record_failure(recomputation_id: int, error: Exception, *, clock: TimeSource) -> None:
    """Store that a try failed, and when the sweep is to try again."""
    row = Recomputation.objects.get(pk=recomputation_id)
    tries = row.tries + 1
    pause = min(timedelta(seconds=5 * 2**tries), LONGEST_PAUSE)
    # The error's text may quote data of a person, so only its type is stored.
    Recomputation.objects.filter(pk=recomputation_id, finished_at__isnull=True).update(
        tries=tries,
        state=RecomputationState.FAILED if tries >= TRIES else F("state"),
        failure=f"{type(error).__name__} at try {tries}; see the worker's log.",
        wake_at=clock() + pause,
    )

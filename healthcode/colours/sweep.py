"""Do what no worker was told to do: colours that time changes, dead workers, lost messages.

Beat starts the sweep every few seconds. Two sweeps at once do no harm.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from healthcode.colours.batches import PEOPLE_A_BATCH, STALE_AFTER
from healthcode.colours.decide_many import join_writers, recompute_people
from healthcode.colours.models import Cause, PersonColour, Policy, Recomputation
from healthcode.colours.recompute import request, wake
from healthcode.colours.wake import send

# A request that began just before a policy takes effect still decides by the old policy. This time
# is longer than any request takes.
SETTLED_AFTER: Final = timedelta(seconds=15)
BATCHES_A_SWEEP: Final = 50


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: recomputations woken, people whose time had come, colours changed."""

    woken: int
    due: int
    changed: int


def sweep(*, at: datetime) -> Swept:
    """Wake abandoned recomputations, apply a policy whose day has come, recolour who is due.

    Raises:
        NoPolicy: people are due and no policy is in force.
    """
    apply_policy_in_force(at=at)
    woken = wake_abandoned(at=at)
    due = changed = 0
    for _ in range(BATCHES_A_SWEEP):
        people, changes = recompute_due(at=at)
        due += people
        changed += changes
        if people < PEOPLE_A_BATCH:
            break
    if changed:
        send("codes.publish")
    return Swept(woken=woken, due=due, changed=changed)


def wake_abandoned(*, at: datetime) -> int:
    """Wake a worker for each open recomputation without recent progress; return how many."""
    with transaction.atomic():
        rows = Recomputation.objects.filter(finished_at__isnull=True, wake_at__lte=at)
        ids = list(
            rows.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
        )
        Recomputation.objects.filter(pk__in=ids).update(wake_at=at + STALE_AFTER)
    for recomputation_id in ids:
        wake(recomputation_id)
    return len(ids)


def apply_policy_in_force(*, at: datetime) -> Recomputation | None:
    """Ask for a recomputation of everybody if the policy in force has not had one yet."""
    with transaction.atomic():
        policy = _latest(at - SETTLED_AFTER)
        if policy is None or _known(policy):
            return None
        # If two sweeps run at once, the second waits here and then finds the first one's row.
        Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
        if _known(policy):
            return None
        return request(cause=Cause.POLICY, act=policy.act)


def awaits_recomputation(*, at: datetime) -> bool:
    """Return whether nobody has asked yet to recompute everybody under the policy in force."""
    policy = _latest(at)
    return policy is not None and not _known(policy)


def recompute_due(*, at: datetime) -> tuple[int, int]:
    """Recompute a batch of people who are due; return how many people, and how many changed."""
    with transaction.atomic():
        # Take the writers' lock before any row lock, in the order that `decide_many` describes.
        join_writers()
        due = list(
            PersonColour.objects.filter(next_change_at__lte=at)
            .order_by("next_change_at")
            .select_for_update(no_key=True, skip_locked=True)
            .values_list("person_id", flat=True)[:PEOPLE_A_BATCH]
        )
        return len(due), recompute_people(due, at=at) if due else 0


def _latest(at: datetime) -> Policy | None:
    in_force = Policy.objects.filter(holds_from__lte=at)
    return in_force.order_by("-holds_from", "-version").first()


def _known(policy: Policy) -> bool:
    return Recomputation.objects.filter(cause=Cause.POLICY, act=policy.act_id).exists()

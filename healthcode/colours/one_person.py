"""Decide one person's colour at once, store it, and explain it.

A person who declares waits for the answer. So this module calls `decide()`, which also gives the
reasons. For one person, PostgreSQL would need longer to plan the statement for many people than to
run it. A property test compares what both ways store.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from healthcode.colours import sql
from healthcode.colours.decide import Decision
from healthcode.colours.decide_many import lock_colours
from healthcode.colours.errors import NoPolicy
from healthcode.colours.policy import policy_at
from healthcode.colours.selectors import PersonDecision, decide_from_database, explain_decision
from healthcode.colours.wake import send


def decide_now(person_id: int, *, at: datetime) -> PersonDecision:
    """Decide a person's colour at `at`, store it for all their registrations, and explain it.

    If the colour changed, older codes are soon superseded. This runs in the caller's transaction,
    under the same rules as `recompute_people`.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    registrations = lock_colours([person_id], at=at).numbers
    policy = policy_at(at)
    decision = decide_from_database(person_id, policy, at)
    since = store_decision(person_id, decision, at=at, registrations=registrations)
    return explain_decision(person_id, decision, policy, since=since)


def decide_again(person_id: int, *, at: datetime) -> None:
    """Call `decide_now`; before the first policy nobody has a colour, and nothing happens."""
    try:
        decide_now(person_id, at=at)
    except NoPolicy:
        return


def store_decision(
    person_id: int, decision: Decision, *, at: datetime, registrations: Sequence[int] = ()
) -> datetime:
    """Store a decision, and return since when the person has this colour.

    Args:
        registrations: all of this person for which it is stored; only `person_id` if empty.

    The caller's transaction has called `lock_colours` before it read what was decided on. If the
    colour changed, older codes are superseded once the transaction commits.
    """
    bound: dict[str, Any] = {
        "person": person_id,
        "people": list(registrations or [person_id]),
        "colour": int(decision.colour),
        "next_change_at": decision.next_change_at,
        "policy": decision.policy,
        "at": at,
        "recomputation": None,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.WRITE_ONE, bound)
        changed, since = cursor.fetchone()
    if changed:
        transaction.on_commit(partial(send, "codes.publish"))
    return since  # type: ignore[no-any-return]  # a cursor's rows have no types

"""Deciding on one person, at once: what is stored is what is explained.

Whoever declares waits for the answer. So `decide()` decides, which explains itself, and not the
statement for many people, which PostgreSQL takes longer to plan than to run for one. A property
test holds what the two store together.
"""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from healthcode.colours import sql
from healthcode.colours.decide import Decision
from healthcode.colours.decide_many import hold
from healthcode.colours.policy import policy_at
from healthcode.colours.selectors import PersonDecision, decide_from_database, told
from healthcode.colours.wake import send


def decide_now(person_id: int, *, at: datetime) -> PersonDecision:
    """Decide the colour of a person at `at`, store it and explain it; codes of an old one end soon.

    Runs in the caller's transaction, under the same rules as `recompute_people`.

    Raises:
        NoPolicy: when no policy holds at `at`.
    """
    hold([person_id], at=at)
    policy = policy_at(at)
    decision = decide_from_database(person_id, policy, at)
    changed, since = _store(person_id, decision, at)
    if changed:
        transaction.on_commit(partial(send, "codes.publish"))
    return told(person_id, decision, policy, since=since)


def _store(person_id: int, decision: Decision, at: datetime) -> tuple[bool, datetime]:
    """Write the decision; whether the colour is another than before, and since when it is this."""
    bound: dict[str, Any] = {
        "person": person_id,
        "people": [person_id],
        "colour": int(decision.colour),
        "next_change_at": decision.next_change_at,
        "policy": decision.policy,
        "at": at,
        "recomputation": None,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.WRITE_ONE, bound)
        changed, since = cursor.fetchone()
    return bool(changed), since

"""Letting go: evidence that no decision can need any more, and what colours leave behind.

docs/reference/retention.md says what goes when, for the whole service.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from healthcode.colours import sql
from healthcode.colours.models import Policy
from healthcode.colours.policy import RuleSet, parse, policy_at
from healthcode.evidence.models import Evidence

logger = logging.getLogger(__name__)

PEOPLE_AT_ONCE: Final = 2000
ROWS_AT_ONCE: Final = 50_000
# Less than PostgreSQL waits before it looks for a deadlock (1 s): whoever does something with
# these people just now goes first, and they have their turn another night.
LOCK_PATIENCE: Final = "500ms"

CANDIDATES: Final = """
SELECT DISTINCT person_id FROM evidence_evidence
WHERE person_id > %(after)s AND received_at < %(before)s ORDER BY person_id LIMIT %(most)s
"""
OLD_CHANGES: Final = """
DELETE FROM colours_colourchange WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM colours_colourchange WHERE at < %(before)s LIMIT %(most)s
))
"""
# A policy's recomputation stays: by it the sweep knows that the policy has been brought in.
OLD_RECOMPUTATIONS: Final = """
DELETE FROM colours_recomputation WHERE id IN (
    SELECT id FROM colours_recomputation
    WHERE finished_at < %(before)s AND cause <> 'policy' LIMIT %(most)s
)
"""


STRIKE_FROM_RECOMPUTATIONS: Final = """
UPDATE colours_recomputation SET people = array_remove(people, %(person)s)
WHERE %(person)s = ANY(people)
"""


def forget_changes(at: datetime) -> int:
    """Delete the changes of colour that have served their time by `at`; how many."""
    return _delete(OLD_CHANGES, at - timedelta(days=settings.COLOUR_RETENTION_DAYS))


def forget_recomputations(at: datetime) -> int:
    """Delete the recomputations that were done long enough before `at`; how many."""
    return _delete(OLD_RECOMPUTATIONS, at - timedelta(days=settings.COLOUR_RETENTION_DAYS))


def strike_from_recomputations(person_id: int, _at: datetime) -> None:
    """Take a person's number out of what recomputations remember."""
    with connection.cursor() as cursor:
        cursor.execute(STRIKE_FROM_RECOMPUTATIONS, {"person": person_id})


def forget_evidence(*, at: datetime) -> int:
    """Delete the facts that no decision from `at` on can need; how many.

    A fact is old when the longest hold of a policy that holds, or will, and then
    `EVIDENCE_RETENTION_DAYS` have passed since it ended, was received or was withdrawn. It goes
    when, besides, no signal rests on it and no release either (`sql.FORGETTABLE`). Safe to repeat
    and to run twice at once; nobody's colour, nor when it changes next, is another afterwards.

    Raises:
        NoPolicy: when no policy holds at `at`, so that nobody can say what one needs.
    """
    policies = _policies(at)
    hold = max((rule.hold for policy in policies for rule in policy.rules), default=timedelta())
    before = at - hold - timedelta(days=settings.EVIDENCE_RETENTION_DAYS)
    bound = {
        "at": at,
        "before": before,
        "rules": sql.rules_json(*policies),
        "carries": sql.carries_json(),
    }
    gone = after = 0
    while people := _candidates(after=after, before=before):
        after = people[-1]
        try:
            gone += _forget_of(people, bound)
        except OperationalError:
            logger.warning("Somebody was at the evidence of people up to %d; later then", after)
    return gone


def erasable(*, person_id: int) -> QuerySet[Evidence]:
    """All evidence about a person, in a transaction that may now delete it."""
    _begin_forgetting()
    return Evidence.objects.filter(person_id=person_id)


def _policies(at: datetime) -> list[RuleSet]:
    later = Policy.objects.filter(holds_from__gt=at).values_list("text", flat=True)
    return [policy_at(at), *map(parse, later)]


def _candidates(*, after: int, before: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, {"after": after, "before": before, "most": PEOPLE_AT_ONCE})
        return [person for (person,) in cursor.fetchall()]


@transaction.atomic
def _forget_of(people: list[int], bound: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_PATIENCE])
        # The lock that every writer of colours takes first: nobody decides by half of it.
        cursor.execute(sql.LOCK, {"people": people, "asked": len(people)})
        cursor.execute(sql.FORGETTABLE, {"people": people, **bound})
        ids = [id_ for (id_,) in cursor.fetchall()]
    _begin_forgetting()
    # By the models, which know what hangs on a fact in the rooms above.
    Evidence.objects.filter(pk__in=ids).delete()
    return len(ids)


def _begin_forgetting() -> None:
    """Tell the trigger that keeps evidence that this transaction forgets."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('healthcode.forgetting', 'on', true)")


def _delete(statement: str, before: datetime) -> int:
    """Delete in pieces, each its own transaction, until nothing old is left; how many rows."""
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, {"before": before, "most": ROWS_AT_ONCE})
            rows = int(cursor.rowcount)
            total += rows
            if rows < ROWS_AT_ONCE:
                return total

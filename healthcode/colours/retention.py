"""Delete evidence that no decision can need any more, and old records of colours.

docs/reference/retention.md lists for the whole service what is deleted when.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, connection, transaction

from accounts.merging import whole
from healthcode.colours import sql
from healthcode.colours.decide_many import join_writers
from healthcode.colours.models import Policy
from healthcode.colours.policy import RuleSet, parse, policy_at
from healthcode.evidence import services as evidence
from healthcode.evidence.models import Evidence, ForgottenCause

logger = logging.getLogger(__name__)

PEOPLE_AT_ONCE: Final = 2000
ROWS_AT_ONCE: Final = 50_000
# Less than PostgreSQL waits before it looks for a deadlock (1 s). So whoever is working on these
# people goes first, and their evidence is deleted another night.
LOCK_PATIENCE: Final = "500ms"

CANDIDATES: Final = """
SELECT DISTINCT person_id FROM evidence_evidence
WHERE person_id > %(after)s AND received_at < %(before)s ORDER BY person_id LIMIT %(most)s
"""
# Facts that no decision from `at` on can need. `spent` are facts whose own time is over: old,
# closed, without a future signal, not the origin of another fact, not the declaration that a code
# depends on. A check-in or a test among them stays while it released a fact that stays. One that
# gave a signal itself stays as soon as any such fact is older, because its own signal might need
# proof then.
FORGETTABLE: Final = (
    sql.SIGNALS  # noqa: S608  a constant like the rest
    + """,
spent AS MATERIALIZED (
    SELECT old.id,
           coalesce((%(same)s::jsonb ->> old.person_id::text)::bigint, old.person_id) AS person,
           old.kind, old.starts, old.withdrawn_by_id,
           coalesce(old.day, (old.starts AT TIME ZONE 'Asia/Shanghai')::date) AS day,
           old.kind IN ('check_in', 'test') AND old.withdrawn_by_id IS NULL AS is_proof
    FROM evidence_evidence AS old
    LEFT JOIN accounts_act AS withdrawal ON withdrawal.id = old.withdrawn_by_id
    WHERE old.person_id = ANY(%(people)s::bigint[])
      AND greatest(coalesce(old.ends, old.starts), old.received_at, withdrawal.at) < %(before)s
      AND NOT EXISTS (SELECT FROM evidence_evidence AS leaf WHERE leaf.derived_from_id = old.id)
      AND (old.withdrawn_by_id IS NOT NULL OR (
          old.ends IS NOT NULL
          AND NOT EXISTS (SELECT FROM signal WHERE signal.fact = old.id AND signal.ends > %(at)s)
          AND (old.kind <> 'declaration' OR EXISTS (
              SELECT FROM evidence_evidence AS later
              WHERE later.person_id = old.person_id AND later.kind = 'declaration'
                AND later.withdrawn_by_id IS NULL
                AND (later.starts, later.id) > (old.starts, old.id)))))
),
floor AS MATERIALIZED (
    SELECT person, min(first_day) AS day
    FROM signal WHERE asks_proof AND fact NOT IN (SELECT id FROM spent) GROUP BY person
),
gone AS MATERIALIZED (
    SELECT spent.* FROM spent LEFT JOIN floor USING (person)
    WHERE NOT is_proof OR floor.day IS NULL OR spent.day < floor.day
       OR NOT EXISTS (SELECT FROM signal WHERE signal.fact = spent.id)
)
SELECT id FROM gone
WHERE NOT is_proof OR NOT EXISTS (
    SELECT FROM signal
    WHERE signal.person = gone.person AND signal.asks_proof
      AND signal.fact NOT IN (SELECT id FROM gone)
      AND gone.day >= signal.first_day
      AND (signal.released_at IS NULL OR gone.starts <= signal.released_at))
"""
)
OLD_CHANGES: Final = """
DELETE FROM colours_colourchange WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM colours_colourchange WHERE at < %(before)s LIMIT %(most)s
))
"""
# The recomputation of a policy stays, because by it the sweep knows that this policy was applied.
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
    """Delete the colour changes that are old enough at `at`; return how many."""
    return _delete(OLD_CHANGES, at - timedelta(days=settings.COLOUR_RETENTION_DAYS))


def forget_recomputations(at: datetime) -> int:
    """Delete the recomputations that were done long enough before `at`; return how many."""
    return _delete(OLD_RECOMPUTATIONS, at - timedelta(days=settings.COLOUR_RETENTION_DAYS))


def strike_from_recomputations(person_id: int, _at: datetime) -> None:
    """Remove a person's number from the stored recomputations."""
    with connection.cursor() as cursor:
        cursor.execute(STRIKE_FROM_RECOMPUTATIONS, {"person": person_id})


def forget_evidence(*, at: datetime) -> int:
    """Delete the facts that no decision at or after `at` can need; return how many were deleted.

    A policy's rules have a hold: how long a colour lasts after the exposure. The service keeps each
    fact for the longest hold of any policy in force now or later, and then for
    `EVIDENCE_RETENTION_DAYS`. The whole time is counted from the latest of three times: when the
    fact ended, was received or was withdrawn. A fact is not deleted as long as a signal or a
    release depends on it (`FORGETTABLE`).

    The colours, and the times at which they will change, remain the same. The function may be
    repeated or run twice at once.

    Raises:
        NoPolicy: no policy is in force at `at`, so the service cannot tell which facts it needs.
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
            logger.warning(
                "Evidence of people up to %d is in use; it is deleted another night", after
            )
    return gone


def erase_evidence(person_id: int, _at: datetime) -> int:
    """Delete all facts about a person who is being erased (an act); return how many."""
    ids = list(Evidence.objects.filter(person_id=person_id).values_list("pk", flat=True))
    return evidence.forget(ids=ids, cause=ForgottenCause.ERASURE)


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
        # Nobody merges or separates registrations from here on.
        join_writers()
        known = whole(people)
        # Every writer of colours takes this lock first, so nobody decides while facts are being
        # deleted.
        cursor.execute(sql.LOCK, {"people": list(known.numbers), "asked": len(known.numbers)})
        cursor.execute(
            FORGETTABLE, {"people": list(known.numbers), "same": sql.same_json(known), **bound}
        )
        ids = [id_ for (id_,) in cursor.fetchall()]
    return evidence.forget(ids=ids, cause=ForgottenCause.RETENTION)


def _delete(statement: str, before: datetime) -> int:
    """Delete in parts, each in its own transaction, until nothing old is left.

    Return how many rows.
    """
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, {"before": before, "most": ROWS_AT_ONCE})
            rows = int(cursor.rowcount)
            total += rows
            if rows < ROWS_AT_ONCE:
                return total

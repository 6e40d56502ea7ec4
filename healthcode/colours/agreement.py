"""Check a stored colour against `decide()` before anybody signs it.

Whoever can edit the database can edit a colour. So a stored colour counts only if `decide()` gives
the same from the evidence, the levels and the policy. Some differences are legitimate: time, new
evidence, new levels or a new policy has changed the colour, and no worker has stored the new colour
yet. Then the service stores it at once. Any other difference is an alarm.
docs/decisions/0037-no-code-for-an-edited-colour.md gives the reasons.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Q
from prometheus_client import Counter

from accounts.merging import registrations_of
from healthcode.areas.register import containing
from healthcode.areas.successors import places_of
from healthcode.colours.decide import INSTANT, Decision
from healthcode.colours.decide_many import lock_colours
from healthcode.colours.errors import ColourBeingChecked
from healthcode.colours.models import Cause, Recomputation
from healthcode.colours.one_person import store_decision
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.colours.recompute import request
from healthcode.colours.selectors import (
    PersonDecision,
    decide_from_database,
    explain_decision,
)
from healthcode.colours.sweep import awaits_recomputation
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact, facts_of
from healthcode.web.errors import NotFound

logger = logging.getLogger(__name__)

DISAGREEMENTS: Final = Counter(
    "healthcode_colours_disagreed",
    "Codes refused because the stored colour is not the one that follows from the evidence.",
)
# A row may come from a machine whose clock is a little ahead of this one.
CLOCKS_APART: Final = timedelta(seconds=5)
SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
ROW: Final = """
SELECT colour, since, changes, next_change_at, policy_id
FROM colours_personcolour WHERE person_id = %s
"""


@dataclass(frozen=True, slots=True)
class ColourRow:
    """The stored colour of one person: a row of `PersonColour`, with the policy's version."""

    person: int
    colour: Colour
    since: datetime
    changes: int
    next_change_at: datetime | None
    policy: int


@dataclass(frozen=True, slots=True)
class CheckedColour:
    """A stored colour beside what `decide()` gives for the same person under `rules`."""

    row: ColourRow
    decision: Decision
    rules: RuleSet

    @property
    def agrees(self) -> bool:
        """Return whether the row says what was decided.

        A decision knows nothing about `since` and `changes`, so these are not compared.
        """
        row, decided = self.row, self.decision
        return (row.colour, row.next_change_at, row.policy) == (
            decided.colour,
            decided.next_change_at,
            decided.policy,
        )

    def explained(self) -> PersonDecision:
        """Return the decision in words; see `explain_decision`."""
        return explain_decision(self.row.person, self.decision, self.rules, since=self.row.since)


def checked_colour(person_id: int, *, at: datetime) -> CheckedColour:
    """Check a person's stored colour against `decide()`, and return it.

    If no worker has stored the new colour yet, store it first, in a transaction of its own as in
    `decide_now`.

    Raises:
        ColourBeingChecked: nothing explains the difference. It is logged and counted, and a
            recomputation of the person is requested, so that the colour is right within seconds.
        NoPolicy: no policy holds at `at`.
        NotFound: the person was erased meanwhile.
    """
    found = _check_in_one_snapshot(person_id, at)
    if found.agrees:
        return found
    settled = settle(person_id, at=at)
    if settled is None:
        DISAGREEMENTS.inc()
        logger.error(
            "The stored colour of person %d does not follow from the evidence. Somebody may have "
            "edited the database. No code was signed.",
            person_id,
        )
        raise ColourBeingChecked
    return settled


def _check_in_one_snapshot(person_id: int, at: datetime) -> CheckedColour:
    """Read the row, the evidence, the levels and the policy from the same snapshot.

    Inside a transaction the isolation level can no longer change. Then the second check, with
    locks, is what counts.
    """
    prefix = "" if connection.in_atomic_block else SNAPSHOT
    with transaction.atomic():
        return _check(_row(person_id, prefix), at)


def _row(person_id: int, prefix: str = "") -> ColourRow:
    with connection.cursor() as cursor:
        cursor.execute(prefix + ROW, [person_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    colour, since, changes, next_change_at, policy = row
    return ColourRow(person_id, Colour(colour), since, changes, next_change_at, policy)


def _check(row: ColourRow, at: datetime) -> CheckedColour:
    rules = policy_at(at)
    return CheckedColour(row, decide_from_database(row.person, rules, at), rules)


@transaction.atomic
def settle(person_id: int, *, at: datetime) -> CheckedColour | None:
    """Check again under the writers' locks; store the decision if the service is only late.

    Return None if nothing explains the difference; then a recomputation of the person is requested.

    The row is locked before anything is read. So evidence or levels that are read here, and not yet
    in the row, have an open recomputation: both are committed together, and a worker waits for the
    lock before it can finish.

    Raises:
        NoPolicy: no policy holds at `at`.
        NotFound: the person was erased meanwhile.
    """
    lock_colours([person_id], at=at)
    row = _row(person_id)
    found, soon = _check(row, at), _check(row, at + CLOCKS_APART)
    for check in (found, soon):
        if check.agrees:
            return check
    if not _is_late(found, at):
        request(cause=Cause.EVIDENCE, people=[person_id])
        return None
    store_decision(person_id, found.decision, at=at)
    return CheckedColour(_row(person_id), found.decision, found.rules)


def _is_late(found: CheckedColour, at: datetime) -> bool:
    """Return whether the service itself has still to store what was decided."""
    row = found.row
    if row.policy != found.rules.version and awaits_recomputation(at=at):
        return True
    if row.next_change_at is not None and row.next_change_at <= at:
        # Only a row that was right until then is late. An edited row may also pretend to be due.
        just_before = row.next_change_at - INSTANT
        decided = decide_from_database(row.person, found.rules, just_before)
        if CheckedColour(row, decided, found.rules).agrees:
            return True
    return _is_waiting(row.person)


def _is_waiting(person: int) -> bool:
    """Return whether an open recomputation is about this person, as its plan in SQL decides it."""
    waiting = Recomputation.objects.filter(finished_at__isnull=True).defer("people")
    registrations = list(registrations_of(person))
    if waiting.filter(Q(cause=Cause.POLICY) | Q(people__overlap=registrations)).exists():
        return True
    maps = list(waiting.filter(cause=Cause.LEVELS))
    facts = facts_of(person) if maps else []
    return any(_stays_in(fact, one) for one in maps for fact in facts)


def _stays_in(fact: Fact, map_: Recomputation) -> bool:
    if fact.kind != EvidenceKind.STAY or fact.area is None or map_.touches_from is None:
        return False
    begins = map_.touches_from
    reaches = fact.ends is None or fact.ends > begins or fact.starts >= begins
    places = {place for area in map_.areas for place in places_of(area)}
    return reaches and not places.isdisjoint(containing(fact.area))

"""Find the facts of a source that make somebody red.

A fact makes a person red if the person is red because of it at some moment, now or later, at which
no other fact of today makes them red. So a second positive test of a patient who is red anyway does
not count, but a fact that keeps somebody red for longer does.

All policies count that hold now or will hold, because the sweep applies the later ones by itself.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q

from healthcode.colours import sql
from healthcode.colours.models import Policy
from healthcode.colours.policy import Rule, RuleSet, parse
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, Recorded

# For the reasons in `healthcode.colours.decide_many`.
_BEGIN: Final = "SELECT set_config('jit', 'off', true), set_config('enable_mergejoin', 'off', true)"

_RED_AREAS: Final = (
    sql.SIGNALS
    + """
SELECT DISTINCT word FROM matter WHERE colour = %(red)s AND word = ANY(%(areas)s::text[])
"""
)
_REDDENING: Final = (
    sql.SIGNALS  # noqa: S608  a constant
    + """,
red AS MATERIALIZED (
    SELECT fact, person, fact = ANY(%(facts)s::bigint[]) AS is_new,
           tstzrange(greatest(starts, %(at)s), ends) AS during
    FROM signal WHERE colour = %(red)s AND ends > %(at)s
), others AS (
    SELECT person, range_agg(during) AS during FROM red WHERE NOT is_new GROUP BY person
)
SELECT DISTINCT fact FROM red LEFT JOIN others USING (person)
WHERE is_new AND (others.during IS NULL OR NOT others.during @> red.during)
"""
)


def may_redden(facts: Sequence[NewFact], *, at: datetime) -> list[int]:
    """Return the positions of the facts to which a rule gives red, of whomever they speak.

    One query for the policies, and one if there are stays and a rule that makes stays red.
    """
    policies = _policies(at)
    rules = [rule for policy in policies for rule in policy.rules if rule.colour is Colour.RED]
    areas = {fact.area for fact in facts if fact.kind == EvidenceKind.STAY and fact.area}
    stays = any(rule.evidence == EvidenceKind.STAY for rule in rules)
    red = _red_areas(policies, areas, at) if areas and stays else frozenset()
    known: dict[tuple[object, ...], bool] = {}
    for fact in facts:
        alike = fact.kind, fact.traits, fact.area
        if alike not in known:
            known[alike] = fact.area in red or _matches(fact, rules)
    return [n for n, fact in enumerate(facts) if known[fact.kind, fact.traits, fact.area]]


def reddening(
    facts: Sequence[NewFact], record: Callable[[Sequence[NewFact]], Recorded], *, at: datetime
) -> frozenset[int]:
    """Return the positions of the facts that would make their people red.

    Facts that are stored already do not count. This calls `record` in a savepoint and rolls it
    back. The time grows with the number of facts.
    """
    with transaction.atomic():
        recorded = record(facts)
        new = {
            id_: n
            for n, id_ in enumerate(recorded.ids)
            if id_ is not None and n not in recorded.known
        }
        found = _found(list(new), sorted({facts[n].person for n in new.values()}), at)
        transaction.set_rollback(True)
    return frozenset(new[fact] for fact in found)


def _found(facts: list[int], people: list[int], at: datetime) -> set[int]:
    found: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        for policy in _policies(at):
            bound = _bound([policy], at) | {"facts": facts, "people": people}
            cursor.execute(_REDDENING, bound)
            found.update(fact for (fact,) in cursor.fetchall())
    return found


def _red_areas(
    policies: Sequence[RuleSet], areas: Collection[str], at: datetime
) -> frozenset[str | None]:
    """Return those of `areas` in which a stay makes red, whenever it was."""
    with connection.cursor() as cursor:
        cursor.execute(_RED_AREAS, _bound(policies, at) | {"areas": list(areas), "people": []})
        return frozenset(area for (area,) in cursor.fetchall())


def _bound(policies: Sequence[RuleSet], at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "rules": sql.rules_json(*policies),
        "carries": sql.carries_json(),
        "red": int(Colour.RED),
    }


def _matches(fact: NewFact, rules: Sequence[Rule]) -> bool:
    return any(
        rule.evidence == fact.kind != EvidenceKind.STAY
        and (not rule.traits or not rule.traits.isdisjoint(fact.traits))
        for rule in rules
    )


def _policies(at: datetime) -> list[RuleSet]:
    """Return the policy in force, if there is one, and those that will be."""
    in_force = (
        Policy.objects.filter(holds_from__lte=at)
        .order_by("-holds_from", "-version")
        .values_list("version", flat=True)[:1]
    )
    counting = Policy.objects.filter(Q(holds_from__gt=at) | Q(version__in=in_force))
    return [parse(text) for text in counting.values_list("text", flat=True)]

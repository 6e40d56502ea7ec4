"""Find the facts of a source that can make somebody red.

What is known about the person does not matter. Otherwise the source could learn it: it sees which
of its lines were recorded, and which wait.

All policies count that hold now or will hold, because the sweep applies the later ones by itself.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from healthcode.colours import sql
from healthcode.colours.models import Policy
from healthcode.colours.policy import Rule, RuleSet, parse
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact

_RED_AREAS: Final = (
    sql.SIGNALS
    + """
SELECT DISTINCT word FROM matter WHERE colour = %(red)s AND word = ANY(%(areas)s::text[])
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
        "same": None,
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

"""Read a person's colour and explain it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from healthcode.areas.lives import Life, lives
from healthcode.areas.models import AreaLevel, Level
from healthcode.areas.successors import areas_for, carries
from healthcode.colours.decide import LONG_AGO, Decision, LevelPeriod, decide
from healthcode.colours.models import ColourChange, PersonColour, Recomputation
from healthcode.colours.origins import known_facts, public_acts_of
from healthcode.colours.policy import RuleSet, policy_at
from healthcode.colours.reasons import OTHER_CODE, ColourReason, PlaceName, reasons_of
from healthcode.core import Colour
from healthcode.evidence.selectors import Fact, facts_of
from healthcode.web.days import is_chinese
from healthcode.web.errors import NotFound


@dataclass(frozen=True, slots=True)
class PersonDecision:
    """A person's colour at one time, explained in words: see `Decision` and `ColourReason`.

    `since` is when it became this colour, if that is stored already.
    """

    person: int
    colour: Colour
    since: datetime
    until: datetime | None
    policy: int
    policy_title: str
    reasons: tuple[ColourReason, ...]
    next_change_at: datetime | None


def decision_of(person_id: int, at: datetime) -> PersonDecision:
    """Decide a person's colour at `at` from what is known now, and explain it.

    This takes seven queries, and one more each if the reasons rest on acts, and on certificates
    that an officer entered.

    Raises:
        NoPolicy: no policy holds at `at`.
    """
    policy = policy_at(at)
    decision = decide_from_database(person_id, policy, at)
    stored = PersonColour.objects.filter(pk=person_id).values_list("colour", "since").first()
    since = stored[1] if stored and stored[0] == decision.colour else at
    return explain_decision(person_id, decision, policy, since=since)


def explain_decision(
    person_id: int, decision: Decision, policy: RuleSet, *, since: datetime
) -> PersonDecision:
    """Explain `decision` in words; `since` is when the person got this colour.

    This takes one query if there are reasons, one if they name areas, and the others as in
    `decision_of`.
    """
    facts = known_facts({one.evidence for one in decision.reasons}) if decision.reasons else {}
    acts = {one.act for one in decision.reasons} | {fact.act for fact in facts.values()}
    public_acts = public_acts_of({act for act in acts if act is not None})
    spoken_of = {area for one in decision.reasons for area in (one.area, one.level_area) if area}
    spoken_of |= {public_act.area for public_act in public_acts.values() if public_act.area}
    known = lives(spoken_of) if spoken_of else {}
    names = {code: life.name for code, life in known.items()}
    return PersonDecision(
        person=person_id,
        colour=decision.colour,
        since=since,
        until=decision.until,
        policy=policy.version,
        policy_title=policy.title["zh" if is_chinese(get_language()) else "en"],
        reasons=reasons_of(
            decision.reasons,
            names,
            facts,
            {
                number: replace(public_act, area_name=names.get(public_act.area, ""))
                for number, public_act in public_acts.items()
            },
            _counted(decision, known),
        ),
        next_change_at=decision.next_change_at,
    )


def _counted(decision: Decision, known: Mapping[str, Life]) -> dict[int, PlaceName]:
    """Return why the level of another area counts for stays under codes that ended or lost land."""
    told: dict[int, PlaceName] = {}
    for signal in decision.reasons:
        if signal.area is None or signal.level_area is None:
            continue
        life = known[signal.area]
        if not signal.area.startswith(signal.level_area):
            where = known[signal.level_area].name
            told[signal.evidence] = {
                language: text.format(where=where) for language, text in OTHER_CODE.items()
            }
        elif not life.successors and life.has_ended_by(signal.starts):
            with override("zh-hans"):
                chinese = life.counted_as
            with override("en"):
                told[signal.evidence] = {"zh": chinese, "en": life.counted_as}
    return told


def decide_from_database(person_id: int, policy: RuleSet, at: datetime) -> Decision:
    """Call `decide()` with what the database knows about a person."""
    return decide_on(facts_of(person_id), policy, at)


def decide_on(facts: Sequence[Fact], policy: RuleSet, at: datetime) -> Decision:
    """Call `decide()` with these facts, and with the levels that the database knows."""
    wanted = frozenset(level for rule in policy.rules for level in rule.levels)
    levels = levels_around({fact.area for fact in facts if fact.area}, wanted)
    return decide(facts, policy, at, levels=levels, carries=carries())


def levels_around(areas: Iterable[str], wanted: Iterable[Level]) -> list[LevelPeriod]:
    """Return the periods of the levels `wanted` that may count for stays in `areas`."""
    codes = {area for code in areas for area in areas_for(code)}
    if not codes:
        return []
    rows = (
        AreaLevel.objects.filter(area__in=codes, level__in=set(wanted))
        .exclude(during__isempty=True)
        .values_list("area_id", "level", "during", "act_id")
    )
    return [
        LevelPeriod(area, Level(level), during.lower or LONG_AGO, during.upper, act)
        for area, level, during, act in rows
    ]


def colour_of(person_id: int) -> PersonColour | None:
    """Return a person's stored colour; None before the first decision about them."""
    return PersonColour.objects.filter(pk=person_id).first()


def open_recomputations() -> list[Recomputation]:
    """Return the recomputations that are not finished, the oldest first."""
    return list(
        Recomputation.objects.defer("people").filter(finished_at__isnull=True).order_by("pk")
    )


def recomputation(recomputation_id: int) -> Recomputation:
    """Return a recomputation with its progress.

    Raises:
        NotFound: there is none with this number.
    """
    row = Recomputation.objects.defer("people").filter(pk=recomputation_id).first()
    if row is None:
        raise NotFound(_("There is no recomputation with this number."))
    return row


def colour_told_of(person_id: int, at: datetime) -> dict[str, object] | None:
    """Export a person's colour with its reasons as JSON values; None before the first decision.

    Raises:
        NoPolicy: no policy is in force.
    """
    if colour_of(person_id) is None:
        return None
    decision = decision_of(person_id, at)
    return {
        "colour": Colour(decision.colour).label,
        "since": decision.since.isoformat(),
        "until": decision.until and decision.until.isoformat(),
        "policy": decision.policy,
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "evidence": reason.evidence}
            for reason in decision.reasons
        ],
    }


def changes_told_of(person_id: int) -> list[dict[str, object]]:
    """Export the stored changes of a person's colour as JSON values."""
    changed = ColourChange.objects.filter(person_id=person_id).exclude(before=F("after"))
    return [
        {
            "at": row.at.isoformat(),
            "before": Colour(row.before).label,
            "after": Colour(row.after).label,
        }
        for row in changed.order_by("number")
    ]

"""The SQL and `decide()` agree, whatever the evidence, levels, policy and time.

The tests mix dates and times, because a fact known to the day counts at one end of its day.

Hypothesis chooses seeds, and keeps those that failed. `random` draws the worlds from these seeds,
because drawing forty people with strategies takes longer than deciding on them.
"""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel, Level
from healthcode.areas.successors import carries
from healthcode.colours.agreement import CLOCKS_APART, checked_colour
from healthcode.colours.decide import Decision, LevelPeriod, decide
from healthcode.colours.decide_many import evaluate, recompute_people
from healthcode.colours.errors import ColourBeingChecked
from healthcode.colours.models import (
    Cause,
    ColourChange,
    PersonColour,
    Policy,
    Recomputation,
    RecomputationState,
)
from healthcode.colours.one_person import decide_now
from healthcode.colours.policy import parse
from healthcode.core import Colour
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact
from healthcode.evidence.services import NewFact, record, withdraw
from healthcode.web.days import day_of, span_of_day
from tests.colours import world

PEOPLE = 40
AT_ONCE = 10
# Few places and few times, so that things coincide, because there two programs differ. On the fifth
# of the days: 330103 ended, and a part of it is 330105 since then; 330104 was divided between
# 330102 and 330114; 330110 lost land that became 330113.
CODES = (
    *("00", "33", "3301", "330102", "330102001"),
    *("330103", "330104", "330105", "330110", "330113", "330114"),
)
BEGINNING = datetime(2021, 4, 4, 16, tzinfo=UTC)  # 5 April, 00:00 in Shanghai
DAYS = 10
INSTANT = timedelta(microseconds=1)

Levels = list[tuple[AreaLevel, tuple[datetime, datetime | None]]]


@pytest.fixture
def ids(db: None) -> list[int]:
    world.areas(*CODES)
    return world.people(PEOPLE)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_sql_and_decide_agree(ids: list[int], seed: int) -> None:
    draw = Random(seed)
    with transaction.atomic():
        by = world.act()
        text = draw.choice([world.DEFAULT_TEXT, _policy(draw), _policy(draw)])
        Policy.objects.create(version=1, text=text, holds_from=world.LONG_AGO, act=by)
        evidence = _evidence(draw, ids, withdrawal=by)
        levels = _levels(draw, by)
        at = _instant(draw)
        groups = _merged(draw, ids)
        compared = evaluate(ids, at=at)

        # Whoever is recomputed takes merged registrations along.
        recompute_people([id_ for id_ in ids if groups[id_][-1] == id_], at=at)

        decided = _decide_each(ids, evidence, levels, text, at, groups)
        stored = {
            row.person_id: (row.colour, row.next_change_at) for row in PersonColour.objects.all()
        }
        differing = {
            id_: (stored[id_], decided[id_]) for id_ in ids if not _same(stored, decided, id_)
        }
        assert not differing
        people = {groups[id_][0] for id_ in ids}
        assert compared.then == {
            colour: sum(decided[id_].colour is colour for id_ in people) for colour in compared.then
        }
        assert compared.people == len(people)
        transaction.set_rollback(True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_deciding_on_one_stores_what_deciding_on_many_does(ids: list[int], seed: int) -> None:
    draw = Random(seed)
    few = ids[:AT_ONCE]
    with transaction.atomic():
        by = world.act()
        text = draw.choice([world.DEFAULT_TEXT, _policy(draw), _policy(draw)])
        for version, holds_from in ((0, world.LONG_AGO - timedelta(days=1)), (1, world.LONG_AGO)):
            Policy.objects.create(version=version, text=text, holds_from=holds_from, act=by)
        _evidence(draw, few, withdrawal=by)
        _levels(draw, by)
        _colours_before(draw, few)
        at = _instant(draw)
        groups = _merged(draw, few)
        with transaction.atomic():
            recompute_people(few, at=at)
            left_by_many = _rows()
            transaction.set_rollback(True)

        one_each = [n for n in few if groups[n][0] == n]
        answers = [decide_now(person, at=at) for person in one_each]

        assert _rows() == left_by_many
        stored = PersonColour.objects.in_bulk(few)
        assert [(a.person, a.colour, a.since, a.next_change_at) for a in answers] == [
            (n, stored[n].colour, stored[n].since, stored[n].next_change_at) for n in one_each
        ]
        transaction.set_rollback(True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
# Somebody's edited row has the colour that begins a moment later.
@example(seed=29157691)
def test_a_checked_colour_is_what_decide_gives(ids: list[int], seed: int) -> None:
    """A row that the service itself stored is never called edited, however old it is."""
    draw = Random(seed)
    few = ids[:AT_ONCE]
    with transaction.atomic():
        by = world.act()
        text = draw.choice([world.DEFAULT_TEXT, _policy(draw), _policy(draw)])
        policy = Policy.objects.create(version=1, text=text, holds_from=world.LONG_AGO, act=by)
        _is_applied(policy)
        evidence = _evidence(draw, few, withdrawal=by)
        levels = _levels(draw, by)
        groups = _merged(draw, few)
        before, at = sorted([_instant(draw), _instant(draw)])
        recompute_people(few, at=before)
        edited = {id_ for id_ in few if draw.random() < 0.5}
        PersonColour.objects.filter(pk__in=edited).update(
            colour=draw.choice(list(Colour)), next_change_at=draw.choice([None, _instant(draw)])
        )
        decided = _decide_each(few, evidence, levels, text, at, groups)
        # An edited row may look as if a clock a little ahead of this one had written it.
        ahead = _decide_each(few, evidence, levels, text, at + CLOCKS_APART, groups)

        for id_ in few:
            try:
                checked = checked_colour(id_, at=at)
            except ColourBeingChecked:
                assert id_ in edited
            else:
                is_ahead = id_ in edited and checked.decision != decided[id_]
                assert checked.decision == (ahead if is_ahead else decided)[id_]
                assert checked.row.colour is checked.decision.colour
                kept = PersonColour.objects.get(pk=id_)
                assert (kept.colour, kept.changes) == (checked.row.colour, checked.row.changes)
        transaction.set_rollback(True)


def _merged(draw: Random, ids: list[int]) -> dict[int, tuple[int, ...]]:
    """Merge some of the registrations; return for each of them all that are one person's."""
    groups = {id_: (id_,) for id_ in ids}
    free = list(ids)
    draw.shuffle(free)
    for _ in range(draw.randint(0, 3)):
        together = tuple(sorted(free.pop() for _ in range(draw.randint(2, 3))))
        world.merge(*together)
        groups |= dict.fromkeys(together, together)
    return groups


def _is_applied(policy: Policy) -> None:
    """Note that everybody has been recomputed under this policy."""
    Recomputation.objects.create(
        cause=Cause.POLICY,
        act=policy.act,
        state=RecomputationState.DONE,
        finished_at=world.LONG_AGO,
    )


def _colours_before(draw: Random, ids: list[int]) -> None:
    """Store colours for some people, right or wrong, under this policy or one before it.

    Some have their colour from an earlier time, so that a few rows need no writing.
    """
    kinds = {id_: draw.choice(["none", "any", "decided"]) for id_ in ids}
    PersonColour.objects.bulk_create(
        PersonColour(
            person_id=id_,
            colour=draw.choice(list(Colour)),
            since=_instant(draw),
            next_change_at=draw.choice([None, _instant(draw)]),
            policy_id=draw.choice([0, 1]),
            changes=draw.randint(0, 3),
        )
        for id_ in ids
        if kinds[id_] == "any"
    )
    recompute_people([id_ for id_ in ids if kinds[id_] == "decided"], at=_instant(draw))


def _rows() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the stored colours and changes, without the rows' numbers."""
    changes = [row | {"id": None} for row in ColourChange.objects.order_by("id").values()]
    return (
        list(PersonColour.objects.order_by("pk").values()),
        sorted(changes, key=lambda row: (row["person_id"], row["number"])),
    )


def _same(
    stored: dict[int, tuple[int, datetime | None]], decided: dict[int, Decision], id_: int
) -> bool:
    return stored[id_] == (decided[id_].colour, decided[id_].next_change_at)


def _decide_each(
    ids: list[int],
    evidence: list[tuple[int, Fact]],
    levels: Levels,
    text: str,
    at: datetime,
    groups: dict[int, tuple[int, ...]],
) -> dict[int, Decision]:
    facts: dict[int, list[Fact]] = {id_: [] for id_ in ids}
    for registration, fact in evidence:
        for person in groups[registration]:
            facts[person].append(fact)
    periods = [
        LevelPeriod(row.area_id, Level(row.level), starts, ends, row.act_id)
        for row, (starts, ends) in levels
    ]
    return {
        id_: decide(facts[id_], parse(text), at, levels=periods, carries=carries()) for id_ in ids
    }


def _instant(draw: Random) -> datetime:
    hours = 24 * draw.randint(0, DAYS) + draw.choice([0, 0, 18])
    return BEGINNING + timedelta(hours=hours) + draw.choice([0, 0, 0, 0, 0, 0, -1, 1]) * INSTANT


def _policy(draw: Random) -> str:
    lines = ['version = 1\nname = "p"\ntitle = { zh = "p", en = "p" }\nrule = [']
    for n in range(draw.randint(1, 8)):
        # Twice as often, because rules about stays have the most that can go wrong.
        kind = draw.choice([*EvidenceKind, EvidenceKind.STAY])
        parts = [
            f'name = "r{n}"',
            f'evidence = "{kind}"',
            f'colour = "{draw.choice(["yellow", "red"])}"',
            f"hold_days = {draw.randint(0, 4)}",
            'reason = { zh = "r", en = "r" }',
        ]
        traits = sorted(str(trait) for trait in KINDS[kind].traits)
        contact = kind == EvidenceKind.CONTACT
        if contact:
            traits.remove("doubtful")
        if contact or (traits and draw.random() < 0.7):
            parts.append(f"traits = {draw.sample(traits, draw.randint(1, len(traits)))}")
        if kind == EvidenceKind.STAY and draw.random() < 0.3:
            parts.append(f"areas = {draw.sample(CODES, draw.randint(1, 2))}")
        if kind == EvidenceKind.STAY and draw.random() < 0.7:
            named = ["red", "orange", "yellow", "blue"]
            parts.append(f"levels = {draw.sample(named, draw.randint(1, 3))}")
        release = draw.choice(
            [
                "",
                f"check_ins = {draw.randint(1, 4)}",
                f"negative_tests = {draw.randint(1, 3)}, "
                f"hours_apart = {draw.choice([1, 18, 24, 30])}",
            ]
        )
        parts += [f"release = {{ {release} }}"] if release else []
        lines.append(f"{{ {', '.join(parts)} }},")
    return "\n".join([*lines, "]"])


def _evidence(draw: Random, ids: list[int], withdrawal: Act) -> list[tuple[int, Fact]]:
    """Record evidence and withdraw some of it; return what stands, by person."""
    given = []
    for id_ in ids:
        given += [_fact(draw, id_) for _ in range(draw.randint(0, 8))]
        for _ in range(draw.randint(0, 2)):
            given += _run(draw, id_)
    source = Account.objects.create(username="source")
    recorded = record(source=source, facts=given, at=BEGINNING)
    # None for a second check-in on the same day.
    stored = {id_: new for id_, new in zip(recorded.ids, given, strict=True) if id_ is not None}
    wrong = {id_ for id_ in stored if draw.random() < 0.05}
    withdraw(ids=wrong, act=withdrawal)
    return [
        (new.person, Fact(id_, new.kind, new.starts, new.ends, new.area, new.traits, new.day))
        for id_, new in stored.items()
        if id_ not in wrong
    ]


def _fact(draw: Random, person: int) -> NewFact:
    kind = draw.choice([*EvidenceKind, EvidenceKind.STAY])
    starts = _instant(draw)
    ends: datetime | None = starts
    if kind in {EvidenceKind.STAY, EvidenceKind.CONTACT, EvidenceKind.CASE}:
        days = draw.choice([None, 0, 0, 0, 1, 2, 3, 4, 5])
        ends = None if days is None else starts + timedelta(days=days)
    elif kind != EvidenceKind.CHECK_IN and draw.random() < 0.5:
        starts, ends = span_of_day(day_of(starts))
    traits = sorted(str(trait) for trait in KINDS[kind].traits)
    return NewFact(
        person=person,
        kind=kind,
        starts=starts,
        ends=ends,
        traits=tuple(draw.sample(traits, draw.randint(0, len(traits)))),
        area=draw.choice(CODES) if kind == EvidenceKind.STAY else None,
        day=day_of(starts) if kind == EvidenceKind.CHECK_IN else None,
    )


def _run(draw: Random, person: int) -> list[NewFact]:
    """Draw healthy check-ins, or negative tests, on consecutive days with some gaps."""
    kind = draw.choice([EvidenceKind.CHECK_IN, EvidenceKind.CHECK_IN, EvidenceKind.TEST])
    trait = "healthy" if kind == EvidenceKind.CHECK_IN else "negative"
    first = draw.randint(0, DAYS)
    facts = []
    for n in range(draw.randint(2, 9)):
        at = BEGINNING + timedelta(days=first + n, hours=draw.choice([0, 8, 18]))
        day = day_of(at) if kind == EvidenceKind.CHECK_IN else None
        known_to_the_day = kind == EvidenceKind.TEST and draw.random() < 0.3
        starts, ends = span_of_day(day_of(at)) if known_to_the_day else (at, at)
        if draw.random() < 0.9:
            facts.append(NewFact(person, kind, starts, ends, traits=(trait,), day=day))
    return facts


def _levels(draw: Random, by: Act) -> Levels:
    rows = []
    for code in CODES:
        changes = sorted({_instant(draw) for _ in range(draw.randint(0, 4))})
        for starts, ends in zip(changes, [*changes[1:], None], strict=False):
            level = draw.choice(list(Level))
            row = AreaLevel(area_id=code, level=level, during=(starts, ends), act=by)
            rows.append((row, (starts, ends)))
    AreaLevel.objects.bulk_create(row for row, _ in rows)
    return rows

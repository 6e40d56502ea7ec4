"""The SQL and `decide()` say the same, whatever the evidence, the levels, the policy, the time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Act
from healthcode.areas.models import AreaLevel, Level
from healthcode.colours.decide import SHANGHAI
from healthcode.colours.models import PersonColour, Policy
from healthcode.colours.policy import parse
from healthcode.colours.recompute import evaluate, recompute_people
from healthcode.colours.selectors import decide_from_database
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.traits import TRAITS_OF
from tests.colours import world

PEOPLE = 12
# Few places and few instants, so that things coincide: that is where two programs differ.
CODES = ("00", "33", "3301", "330102", "330103", "330102001", "31")
BEGINNING = datetime(2020, 1, 31, 16, tzinfo=UTC)  # 1 February, 00:00 in Shanghai
DAYS = 24

instants = st.builds(
    lambda quarter, off: BEGINNING + timedelta(hours=6 * quarter, microseconds=off),
    st.integers(0, 4 * DAYS),
    st.sampled_from([0, 0, 0, -1, 1]),
)


@dataclass(frozen=True)
class GivenFact:
    person: int
    kind: EvidenceKind
    starts: datetime
    ends: datetime | None
    traits: tuple[str, ...]
    area: str | None
    withdrawn: bool


@st.composite
def given_facts(draw: st.DrawFn) -> GivenFact:
    kind = draw(st.sampled_from(EvidenceKind))
    starts = draw(instants)
    if kind in {EvidenceKind.CHECK_IN, EvidenceKind.DECLARATION, EvidenceKind.TEST}:
        ends: datetime | None = starts
    else:
        length = draw(st.none() | st.integers(0, 40))
        ends = None if length is None else starts + timedelta(hours=6 * length)
    traits = sorted(str(trait) for trait in TRAITS_OF[kind])
    return GivenFact(
        person=draw(st.integers(0, PEOPLE - 1)),
        kind=kind,
        starts=starts,
        ends=ends,
        traits=tuple(draw(st.lists(st.sampled_from(traits), unique=True)) if traits else ()),
        area=draw(st.sampled_from(CODES)) if kind == EvidenceKind.STAY else None,
        withdrawn=draw(st.sampled_from([False] * 9 + [True])),
    )


@dataclass(frozen=True)
class GivenRun:
    """Healthy check-ins on days in a row, but for the days left out."""

    person: int
    first: int
    days: int
    left_out: frozenset[int]


runs = st.builds(
    GivenRun,
    person=st.integers(0, PEOPLE - 1),
    first=st.integers(0, DAYS - 4),
    days=st.integers(1, 16),
    left_out=st.frozensets(st.integers(0, 16), max_size=2),
)
# Level changes of one area in time order: (hours in quarters of a day, level).
maps = st.dictionaries(
    st.sampled_from(CODES),
    st.lists(
        st.tuples(st.integers(0, 4 * DAYS), st.sampled_from(Level)),
        max_size=4,
        unique_by=lambda change: change[0],
    ),
    max_size=5,
)


@st.composite
def policy_texts(draw: st.DrawFn) -> str:
    lines = ['version = 1\nname = "p"\ntitle = { zh = "p", en = "p" }\nrule = [']
    for n in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(EvidenceKind))
        parts = [
            f'name = "r{n}"',
            f'evidence = "{kind}"',
            f'colour = "{draw(st.sampled_from(["yellow", "red"]))}"',
            f"hold_days = {draw(st.integers(0, 9))}",
            'reason = { zh = "r", en = "r" }',
        ]
        traits = sorted(str(trait) for trait in TRAITS_OF[kind])
        if traits and draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(traits), min_size=1, unique=True))
            parts.append(f"traits = {chosen}")
        if kind == EvidenceKind.STAY and draw(st.booleans()):
            parts.append(f"areas = {draw(st.lists(st.sampled_from(CODES), min_size=1))}")
        if kind == EvidenceKind.STAY and draw(st.booleans()):
            named = st.sampled_from(["red", "orange", "yellow", "blue"])
            parts.append(f"levels = {draw(st.lists(named, min_size=1, unique=True))}")
        parts.extend(draw(releases))
        lines.append(f"{{ {', '.join(parts)} }},")
    return "\n".join([*lines, "]"])


releases = st.one_of(
    st.just([]),
    st.integers(1, 6).map(lambda n: [f"release = {{ check_ins = {n} }}"]),
    st.tuples(st.integers(1, 3), st.sampled_from([1, 6, 12, 24, 30])).map(
        lambda r: [f"release = {{ negative_tests = {r[0]}, hours_apart = {r[1]} }}"]
    ),
)


@pytest.fixture
def ids(db: None) -> list[int]:
    world.areas(*CODES)
    return world.people(PEOPLE)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.just(world.DEFAULT_TEXT) | policy_texts(),
    facts=st.lists(given_facts(), max_size=40),
    runs=st.lists(runs, max_size=8),
    maps=maps,
    at=instants,
)
def test_sql_and_decide_agree(
    ids: list[int],
    text: str,
    facts: list[GivenFact],
    runs: list[GivenRun],
    maps: Mapping[str, list[tuple[int, Level]]],
    at: datetime,
) -> None:
    with transaction.atomic():
        by = world.act()
        Policy.objects.create(version=1, text=text, holds_from=world.LONG_AGO, act=by)
        _store_facts(ids, facts, runs, by)
        _store_maps(maps, by)
        compared = evaluate(ids, at=at)

        recompute_people(ids, at=at)

        stored = {row.person_id: row for row in PersonColour.objects.filter(pk__in=ids)}
        decided = {id_: decide_from_database(id_, parse(text), at) for id_ in ids}
        assert {
            id_: (row.colour, row.next_change_at) for id_, row in stored.items()
        } == {id_: (d.colour, d.next_change_at) for id_, d in decided.items()}
        assert compared.then == {
            colour: sum(d.colour is colour for d in decided.values()) for colour in compared.then
        }
        transaction.set_rollback(True)


def _store_facts(
    ids: list[int], facts: list[GivenFact], runs: list[GivenRun], withdrawal: Act
) -> None:
    source = Account.objects.create(username="source")
    rows, days = [], set()
    for fact in facts:
        day = fact.starts.astimezone(SHANGHAI).date() if fact.kind == "check_in" else None
        if day and not fact.withdrawn:
            if (fact.person, day) in days:
                continue
            days.add((fact.person, day))
        rows.append(
            Evidence(
                person_id=ids[fact.person],
                kind=fact.kind,
                starts=fact.starts,
                ends=fact.ends,
                traits=list(fact.traits),
                area_id=fact.area,
                day=day,
                source=source,
                withdrawn_by=withdrawal if fact.withdrawn else None,
            )
        )
    for run in runs:
        for n in set(range(run.days)) - run.left_out:
            at = BEGINNING + timedelta(days=run.first + n, hours=8)
            day = at.astimezone(SHANGHAI).date()
            if (run.person, day) not in days:
                days.add((run.person, day))
                rows.append(
                    Evidence(
                        person_id=ids[run.person],
                        kind=EvidenceKind.CHECK_IN,
                        starts=at,
                        ends=at,
                        traits=["healthy"],
                        day=day,
                        source=source,
                    )
                )
    Evidence.objects.bulk_create(rows)


def _store_maps(maps: Mapping[str, list[tuple[int, Level]]], by: Act) -> None:
    rows = []
    for code, changes in maps.items():
        ordered = sorted(changes)
        ends = [BEGINNING + timedelta(hours=6 * later) for later, _ in ordered[1:]]
        for (quarter, level), end in zip(ordered, [*ends, None], strict=False):
            starts = BEGINNING + timedelta(hours=6 * quarter)
            rows.append(AreaLevel(area_id=code, level=level, during=(starts, end), act=by))
    AreaLevel.objects.bulk_create(rows)

"""What exceeds a source's grant is held, and has no effect on anybody's colour."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Person
from healthcode.acts.models import LogLeaf
from healthcode.areas.models import Area, Level
from healthcode.areas.services import publish_levels
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.core.log.batches import pieces
from healthcode.core.log.leaves import canonical, decode_leaf, record_digest
from healthcode.core.log.merkle import leaf_hash, node_hash, root
from healthcode.evidence.batches import batch_record
from healthcode.evidence.models import Evidence, HeldLine, HeldWhy, SourceBatch, SourceGrant
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.evidence import EvidenceReport, report_evidence
from healthcode.web.days import day_of, start_of_day
from tests.acts import act_of
from tests.colours import world as colours
from tests.evidence.conftest import HOME, World, reporting
from tests.sources.test_report_property import undone

NOON = start_of_day(day_of(datetime.now(UTC)) - timedelta(days=1)) + timedelta(hours=12)
RED = 2
pytestmark = pytest.mark.clock
ELSEWHERE = "330203"


def days_ago(days: float, at: datetime = NOON) -> str:
    """Return the instant so many days before `at`."""
    return (at - timedelta(days=days)).isoformat()


LINES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "case": ("cases", {"status": "confirmed", "confirmed_at": days_ago(1)}, True),
    "suspected": ("cases", {"status": "suspected", "confirmed_at": days_ago(1)}, True),
    "recovered": (
        "cases",
        {"status": "confirmed", "confirmed_at": days_ago(9), "recovered_at": days_ago(1)},
        True,
    ),
    "positive": ("tests", {"result": "positive", "sampled_at": days_ago(1)}, True),
    "negative": ("tests", {"result": "negative", "sampled_at": days_ago(1)}, False),
    "rapid": ("tests", {"result": "antigen_negative", "sampled_at": days_ago(1)}, False),
    "close": ("contacts", {"strength": "close", "from": days_ago(1)}, True),
    "secondary": ("contacts", {"strength": "secondary", "from": days_ago(1)}, False),
    "casual": ("contacts", {"strength": "casual", "from": days_ago(1)}, False),
    "doubtful": ("contacts", {"strength": "doubtful", "from": days_ago(1)}, False),
    "home": ("stays", {"area": HOME, "from": days_ago(1)}, False),
    "abroad": ("stays", {"area": "00", "from": days_ago(3), "to": days_ago(1)}, True),
}
"""Kind and members of a line, and whether it makes red by the shipped policy."""


@dataclass
class Lab:
    """A source, and people about whom nothing is known."""

    source: Account
    people: list[int]

    @property
    def grant(self) -> SourceGrant:
        """Return the source's only grant."""
        return SourceGrant.objects.get(grant__account=self.source)

    def red(self) -> int:
        """Return how many of the people are red now."""
        return sum(colour == RED for colour in colours.colours(self.people).values())


@pytest.fixture
def lab(world: World) -> Lab:
    """Return the hospital and 60 people in `HOME`. No alarm stops it (test_alarm.py)."""
    quiet = colours.QUIET_TEXT.replace("version = 2", "version = 3")
    colours.publish(quiet, holds_from=NOON - timedelta(days=30))
    people = Person.objects.bulk_create([Person(home_area=HOME) for _ in range(60)])
    return Lab(world.source, [person.pk for person in people])


def report(
    source: Account, kind: str, people: Sequence[int], at: datetime = NOON, **line: Any
) -> EvidenceReport:
    """Report the same line about each person, without a reference; recolour them."""
    numbered = [NumberedLine(n, {"person": who, **line}) for n, who in enumerate(people, 1)]
    answer = report_evidence(source=source, kind=kind, lines=numbered, at=at)
    if answer.recomputation is not None:
        run(answer.recomputation, clock=lambda: at)
    return answer


@pytest.mark.parametrize("name", LINES)
def test_the_twenty_first_line_that_makes_red_is_held(lab: Lab, name: str) -> None:
    kind, line, reddens = LINES[name]
    answer = report(lab.source, kind, lab.people[:22], **line)
    assert [result.held for result in answer.results] == [reddens and n >= 20 for n in range(22)]
    assert (answer.accepted, answer.held) == ((20, 2) if reddens else (22, 0))
    assert Evidence.objects.count() == answer.accepted
    assert set(HeldLine.objects.values_list("why", flat=True)) == (
        {HeldWhy.BUDGET} if reddens else set()
    )
    assert lab.red() == (20 if reddens else 0)


@pytest.mark.parametrize("name", LINES)
def test_a_kind_that_the_grant_does_not_name_is_held(lab: Lab, name: str) -> None:
    kind, line, _reddens = LINES[name]
    SourceGrant.objects.update(kinds=[k for k in lab.grant.kinds if k != kind])
    answer = report(lab.source, kind, lab.people[:2], **line)
    assert (answer.accepted, answer.held, answer.recomputation) == (0, 2, None)
    assert set(HeldLine.objects.values_list("why", flat=True)) == {HeldWhy.KIND}
    assert lab.red() == 0


def test_a_source_without_a_grant_is_held(lab: Lab) -> None:
    SourceGrant.objects.all().delete()
    assert report(lab.source, "tests", lab.people[:1], **LINES["negative"][1]).held == 1


@pytest.mark.parametrize(
    ("area", "home", "place", "held"),
    [
        ("", HOME, None, False),
        ("3301", HOME, None, False),
        ("3302", HOME, None, True),
        ("3302", HOME, ELSEWHERE, False),
        ("3301", HOME, ELSEWHERE, False),
        ("3302", HOME, HOME, True),
        ("330105", "330103", None, False),
    ],
    ids=[
        *("the whole country", "the city of the home", "another city"),
        *("the place is inside", "the home is inside", "both are outside"),
        "the home's code has ended",
    ],
)
def test_the_home_or_the_place_is_in_the_area(
    lab: Lab, area: str, home: str, place: str | None, held: bool
) -> None:
    Area.objects.get_or_create(code="330105", defaults={"name": "拱墅区"})
    Person.objects.filter(pk=lab.people[0]).update(home_area=home)
    grant = lab.grant.grant
    grant.area = area
    grant.save()
    if place is None:
        answer = report(lab.source, "cases", lab.people[:1], **LINES["case"][1])
    else:
        answer = report(lab.source, "stays", lab.people[:1], area=place, **{"from": days_ago(1)})
    assert answer.held == held
    assert set(HeldLine.objects.values_list("why", flat=True)) == (
        {HeldWhy.AREA} if held else set()
    )


def test_a_hospitals_grant_can_say_more(lab: Lab) -> None:
    SourceGrant.objects.update(reddening_lines_a_day=50)
    answer = report(lab.source, "cases", lab.people, **LINES["case"][1])
    assert (answer.accepted, answer.held, lab.red()) == (50, 10, 50)


def test_of_several_grants_the_largest_counts_where_it_covers(lab: Lab) -> None:
    Person.objects.filter(pk__in=lab.people[30:]).update(home_area=ELSEWHERE)
    SourceGrant.objects.update(reddening_lines_a_day=3)
    here = lab.source.grants.create(role="source", area="3301")
    SourceGrant.objects.create(grant=here, kinds=["cases"], reddening_lines_a_day=7)
    answer = report(lab.source, "cases", lab.people, **LINES["case"][1])
    held = [result.line for result in answer.results if result.held]
    assert held == [*range(8, 31), *range(34, 61)]


def test_the_day_is_that_of_shanghai(lab: Lab) -> None:
    late, midnight = NOON + timedelta(hours=11, minutes=59), NOON + timedelta(hours=12)
    line = LINES["positive"][1]
    assert report(lab.source, "tests", lab.people[:20], at=late, **line).held == 0
    assert report(lab.source, "tests", lab.people[20:21], at=late, **line).held == 1
    assert report(lab.source, "tests", lab.people[21:42], at=midnight, **line).held == 1
    assert lab.red() == 40


def test_a_line_sent_again_counts_once(lab: Lab) -> None:
    def send(people: Sequence[int]) -> EvidenceReport:
        lines = [
            NumberedLine(n, {"person": who, "reference": f"{who}", **LINES["positive"][1]})
            for n, who in enumerate(people, 1)
        ]
        return report_evidence(source=lab.source, kind="tests", lines=lines, at=NOON)

    first = send(lab.people[:15])
    again = send(lab.people[:15])
    assert [result.id for result in again.results] == [result.id for result in first.results]
    assert lab.grant.spent == 15
    assert send(lab.people[:20]).held == 0
    over = send(lab.people[:22])
    assert [(result.held, result.known) for result in over.results[20:]] == [(True, False)] * 2
    still = send(lab.people[:22])
    assert [(result.held, result.known) for result in still.results[20:]] == [(True, True)] * 2
    assert HeldLine.objects.count() == 2


def test_a_held_line_stays_held_on_the_next_day(lab: Lab) -> None:
    line = {"reference": "r", **LINES["positive"][1]}
    SourceGrant.objects.update(reddening_lines_a_day=0)
    report(lab.source, "tests", lab.people[:1], **line)
    SourceGrant.objects.update(reddening_lines_a_day=20)
    answer = report(lab.source, "tests", lab.people[:1], at=NOON + timedelta(days=1), **line)
    assert (answer.results[0].held, answer.results[0].known) == (True, True)
    assert not Evidence.objects.exists()


def test_the_answer_does_not_tell_who_is_red_already(lab: Lab, world: World) -> None:
    laboratory = reporting("laboratory")
    report(laboratory, "cases", lab.people[:20], **LINES["case"][1])
    answer = report(lab.source, "tests", lab.people[10:40], **LINES["positive"][1])
    assert [result.held for result in answer.results] == [False] * 20 + [True] * 10
    assert (lab.grant.spent, lab.red()) == (20, 30)


def test_a_person_uses_one_a_day(lab: Lab) -> None:
    line = LINES["positive"][1]
    for _ in range(2):
        answer = report(lab.source, "tests", lab.people[:20], **line)
        assert (answer.held, lab.grant.spent) == (0, 20)
    assert report(lab.source, "cases", lab.people[:20], **LINES["case"][1]).held == 0
    assert report(lab.source, "tests", lab.people[20:21], **line).held == 1
    tomorrow = NOON + timedelta(days=1)
    assert report(lab.source, "tests", lab.people[:21], at=tomorrow, **line).held == 1
    assert lab.grant.spent == 20


def test_two_lines_about_one_person_use_one(lab: Lab) -> None:
    twice = [who for who in lab.people[:21] for _ in range(2)]
    answer = report(lab.source, "tests", twice, **LINES["positive"][1])
    assert (answer.held, lab.grant.spent, lab.red()) == (2, 20, 20)


def test_what_makes_red_only_tomorrow_counts_today(lab: Lab, world: World) -> None:
    publish_levels(
        act=act_of(world.officer, at=NOON),
        effective_from=NOON + timedelta(hours=12),
        whole_of=None,
        levels={HOME: Level.RED},
    )
    answer = report(lab.source, "stays", lab.people[:21], **LINES["home"][1])
    assert (answer.held, lab.red()) == (1, 0)


def test_a_policy_that_holds_from_tomorrow_counts_today(lab: Lab, world: World) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("version = 2", "version = 9")
    text = text.replace(
        'traits = ["casual"]\ncolour = "yellow"', 'traits = ["casual"]\ncolour = "red"'
    )
    tomorrow = NOON + timedelta(days=1)
    colours.publish(text, holds_from=tomorrow)
    answer = report(lab.source, "contacts", lab.people[:21], **LINES["casual"][1])
    assert answer.held == 1


def test_each_digest_is_that_of_the_line_and_its_salt(lab: Lab) -> None:
    quoted = {"reference": 'a "quoted" \\ line 病', **LINES["recovered"][1]}
    SourceGrant.objects.update(reddening_lines_a_day=0)
    report(lab.source, "cases", lab.people[:1], **quoted)
    SourceGrant.objects.update(reddening_lines_a_day=20)
    dated = {"status": "confirmed", "confirmed_at": days_ago(2)[:10], "reference": "b"}
    report(lab.source, "cases", lab.people[1:2], **dated)
    report(lab.source, "stays", lab.people[2:3], **LINES["home"][1])
    for row in (HeldLine.objects.get(), *Evidence.objects.all()):
        batch = SourceBatch.objects.get(pk=row.batch_id)
        line = canonical(
            {
                "area": row.area_id,
                "ends": utc(row.ends),
                "kind": row.kind,
                "person": row.person_id,
                "reference": row.reference,
                "starts": utc(row.starts),
                "starts_by": utc(row.starts_by),
                "traits": row.traits,
            }
        )
        assert bytes(batch.digests).hex() == record_digest(bytes(row.salt), line)
        assert row.line == 1
        of_itself = hashlib.sha256(bytes(batch.salt or b"") + batch_record(batch)).digest()
        both = node_hash(leaf_hash(bytes(batch.digests)), leaf_hash(of_itself))
        assert bytes(batch.root) == both


def utc(instant: datetime | None) -> str | None:
    return instant and instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_the_root_of_a_batch_is_that_of_its_digests(lab: Lab) -> None:
    report(lab.source, "tests", lab.people[:25], **LINES["positive"][1])
    batch = SourceBatch.objects.get()
    of_itself = hashlib.sha256(bytes(batch.salt or b"") + batch_record(batch)).digest()
    digests = [*pieces(batch.digests), of_itself]
    assert len(set(digests)) == 26

    def read(level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(digests[index])
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    assert bytes(batch.root) == root(26, read)


def test_a_batch_says_how_many(lab: Lab) -> None:
    lines = [
        NumberedLine(n, {"person": who, **LINES["case"][1]})
        for n, who in enumerate(lab.people[:22], 1)
    ]
    lines += [NumberedLine(23, {}), NumberedLine(24, {"person": 10**12, **LINES["case"][1]})]
    report_evidence(source=lab.source, kind="cases", lines=lines, at=NOON)
    batch = SourceBatch.objects.get()
    assert (batch.recorded, batch.known, batch.held, batch.refused) == (20, 0, 2, 2)
    assert (batch.source, batch.kind, batch.at) == (lab.source, "cases", NOON)
    leaf = LogLeaf.objects.get(kind="cases-reported", number=batch.pk)
    told = decode_leaf(bytes(leaf.entry))
    assert (told.people, told.area, told.digest) == ("10-99", "", bytes(batch.root).hex())
    report_evidence(source=lab.source, kind="cases", lines=[], at=NOON)
    assert SourceBatch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_share_the_budget(lab: Lab) -> None:
    start = threading.Barrier(2)
    held: list[int] = []

    def send(people: Sequence[int]) -> None:
        try:
            start.wait(20)
            lines = [
                NumberedLine(n, {"person": who, **LINES["case"][1]})
                for n, who in enumerate(people, 1)
            ]
            sent = report_evidence(source=lab.source, kind="cases", lines=lines, at=NOON)
            held.append(sent.held)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=send, args=[lab.people[:15]]),
        threading.Thread(target=send, args=[lab.people[15:30]]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(held) == [0, 10]
    assert (lab.grant.spent, Evidence.objects.count()) == (20, 20)


SENT = st.lists(
    st.tuples(
        st.sampled_from(sorted(LINES)),
        st.lists(st.integers(0, 11), min_size=1, max_size=8),
        st.booleans(),
        st.sampled_from([None, "a", "b"]),
    ),
    max_size=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=SENT)
def test_whatever_a_source_sends_in_a_day_it_makes_few_people_red(lab: Lab, sent: Any) -> None:
    budget, people = 3, lab.people[:12]
    with undone():
        SourceGrant.objects.update(reddening_lines_a_day=budget)
        publish_levels(
            act=act_of(Account.objects.get(username="officer"), at=NOON),
            effective_from=NOON + timedelta(hours=1),
            whole_of=None,
            levels={HOME: Level.RED},
        )
        for name, who, dated, reference in sent:
            kind, line, _reddens = LINES[name]
            if dated:
                line = {
                    member: value[:10] if "T" in str(value) else value
                    for member, value in line.items()
                }
            if reference:
                line = {**line, "reference": reference}
            report(lab.source, kind, [people[n] for n in who], **line)
        red = {who for hours in (0, 2, 24, 24 * 30) for who in _red(people, hours)}
    assert len(red) <= budget


def _red(people: list[int], hours: int) -> set[int]:
    recompute_people(people, at=NOON + timedelta(hours=hours))
    return {who for who, colour in colours.colours(people).items() if colour == RED}

"""The nightly audit finds edited colours, and nothing else, whoever dies meanwhile."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcode.acts.log import keys
from healthcode.acts.log.entries import append_older_acts
from healthcode.acts.log.findings import LogFindingKind
from healthcode.areas.models import Level
from healthcode.audit import services
from healthcode.audit.metrics import AuditMetrics
from healthcode.audit.models import Audit, AuditFinding, FindingKind
from healthcode.audit.services import audit_tonight, begin_audit, forget_audits, go_on
from healthcode.colours.agreement import checked_colour
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Cause, PersonColour, Recomputation
from healthcode.colours.recompute import request
from healthcode.core import Colour
from healthcode.evidence.audit import FactFindingKind
from healthcode.evidence.models import EvidenceKind
from tests.acts import act_of
from tests.acts.log import as_owner, extend
from tests.colours import world
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
NIGHT = shanghai(2, 20, 2, 30)
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("policy")


def infected(number: int = 1) -> list[int]:
    """Make people who are red because they are cases."""
    people = world.people(number)
    for person in people:
        world.fact(person, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    recompute_people(people, at=NIGHT)
    return people


def healthy(number: int) -> list[int]:
    people = world.people(number)
    recompute_people(people, at=NIGHT)
    return people


def clock(*instants: datetime) -> Callable[[], datetime]:
    """Return a clock that shows these instants, and then the last one for good."""
    left = list(instants)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def audit(at: datetime = NIGHT) -> list[int]:
    """Audit to the end, and return the people whose colour was found."""
    # The world makes acts without leaves.
    append_older_acts()
    begun, found = begin_audit(at=at), []
    while begun.finished_at is None:
        found += go_on(begun, at=at)
    assert sorted(found) == sorted(begun.findings.values_list("kind", "number", "line"))
    assert {one.kind for one in found} <= {FindingKind.COLOUR}
    return [one.number for one in found]


@pytest.mark.django_db
def test_an_edited_colour_is_found_and_repaired() -> None:
    ill, other = infected(2)
    well = healthy(1)[0]
    PersonColour.objects.filter(pk=ill).update(colour=GREEN)
    PersonColour.objects.filter(pk=well).update(colour=RED)

    assert audit() == [ill, well]
    waiting = Recomputation.objects.filter(cause=Cause.EVIDENCE, finished_at__isnull=True)
    assert sorted(person for one in waiting for person in one.people) == sorted([ill, well])
    assert checked_colour(other, at=NIGHT).row.colour is RED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "edit", [{"next_change_at": NIGHT + DAY}, {"colour": YELLOW}, {"next_change_at": None}]
)
def test_each_member_that_decides_something_is_compared(edit: dict[str, object]) -> None:
    (traveller,) = world.people(1)
    world.levels("330106", (Level.RED, shanghai(2, 1), None))
    world.stay(traveller, "330106", shanghai(2, 10), shanghai(2, 20))
    world.fact(traveller, EvidenceKind.DECLARATION, shanghai(2, 21), shanghai(2, 21), "symptoms")
    recompute_people([traveller], at=NIGHT)
    assert audit() == []
    PersonColour.objects.filter(pk=traveller).update(**edit)
    assert audit() == [traveller]


@pytest.mark.django_db
def test_a_colour_that_is_only_late_is_stored_and_is_no_finding() -> None:
    late, waiting = world.people(2)
    world.fact(late, EvidenceKind.DECLARATION, shanghai(2, 10), shanghai(2, 10), "symptoms")
    recompute_people([late, waiting], at=shanghai(2, 9))
    world.fact(waiting, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    request(cause=Cause.EVIDENCE, people=[waiting])

    assert audit() == []
    colours = dict(PersonColour.objects.values_list("person", "colour"))
    assert colours == {late: YELLOW, waiting: RED}


@pytest.mark.django_db
def test_an_audit_goes_on_where_it_stopped_and_counts_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "PEOPLE_AT_ONCE", 3)
    people = infected(7)
    PersonColour.objects.filter(pk__in=people[::3]).update(colour=GREEN)
    first = begin_audit(at=NIGHT)
    again = Audit.objects.get(pk=first.pk)
    go_on(first, at=NIGHT)
    # Another process had read the same place in the audit, and is a little later.
    go_on(again, at=NIGHT)
    assert (again.checked, again.after) == (3, people[2])
    while again.finished_at is None:
        go_on(again, at=NIGHT)
    assert again.checked == 7
    assert sorted(again.findings.values_list("number", flat=True)) == people[::3]


@pytest.mark.django_db
def test_a_night_has_one_audit_that_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PEOPLE_AT_ONCE", 2)
    infected(5)
    assert audit_tonight(clock=clock(shanghai(2, 20, 1, 59))) is None
    turn = audit_tonight(clock=clock(NIGHT, NIGHT, NIGHT, NIGHT + services.TURN))
    assert turn is not None
    assert (turn.checked, turn.finished_at) == (2, None)
    # The worker was down until after midnight. That night's audit comes before the next one.
    after = shanghai(2, 21, 0, 30)
    turn = audit_tonight(clock=clock(after))
    assert turn is not None
    assert (turn.night, turn.checked, turn.finished_at) == (shanghai(2, 20).date(), 5, after)
    assert audit_tonight(clock=clock(after)) is None
    next_one = audit_tonight(clock=clock(NIGHT + DAY))
    assert next_one is not None
    assert next_one.night == shanghai(2, 21).date()


@pytest.mark.django_db
def test_a_night_that_never_ended_does_not_keep_the_next_ones() -> None:
    Audit.objects.create(night=shanghai(2, 17).date(), started_at=NIGHT - 3 * DAY)
    turn = audit_tonight(clock=clock(NIGHT))
    assert turn is not None
    assert turn.night == shanghai(2, 20).date()


@pytest.mark.django_db
def test_the_command_says_who_and_ends_with_an_error() -> None:
    (well,) = healthy(1)
    out = StringIO()
    call_command("audit", stdout=out)
    assert out.getvalue() == "1 people, 0 lines and 0 leaves checked. All is right.\n"
    PersonColour.objects.filter(pk=well).update(colour=RED)
    out = StringIO()
    with pytest.raises(CommandError, match="Of 1 people, 0 lines and 0 leaves, 1 contradict"):
        call_command("audit", stdout=out)
    assert f"colour {well}: " in out.getvalue()


@pytest.mark.django_db
def test_the_metrics_tell_when_an_audit_ended_and_what_it_found() -> None:
    assert list(AuditMetrics().collect()) == []
    (ill,) = infected()
    PersonColour.objects.filter(pk=ill).update(colour=GREEN)
    audit()
    samples = [sample for metric in AuditMetrics().collect() for sample in metric.samples]
    told = {(one.name, one.labels.get("kind")): one.value for one in samples}
    assert told["healthcode_audit_findings", "colour"] == 1
    assert told["healthcode_audit_findings", "act-edited"] == 0
    assert told["healthcode_audit_finished_timestamp_seconds", None] == NIGHT.timestamp()


@pytest.mark.django_db
def test_audits_are_forgotten_after_a_year() -> None:
    (ill,) = infected()
    PersonColour.objects.filter(pk=ill).update(colour=GREEN)
    audit()
    assert forget_audits(NIGHT + 365 * DAY) == 0
    assert forget_audits(NIGHT + 366 * DAY) == 1
    assert not AuditFinding.objects.exists()


@pytest.mark.django_db
def test_an_edited_act_and_an_act_without_a_leaf_are_found_beside_the_colours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "PEOPLE_AT_ONCE", 2)
    keys.make_keys(at=NIGHT)
    edited = act_of(world.officer("33"), at=NIGHT)
    extend(at=NIGHT)
    ill = infected(3)[2]
    PersonColour.objects.filter(pk=ill).update(colour=GREEN)
    as_owner("accounts_act", "UPDATE accounts_act SET worse = 7 WHERE id = %s", edited.pk)
    forgotten = world.act()

    begun = begin_audit(at=NIGHT)
    while begun.finished_at is None:
        go_on(begun, at=NIGHT)
    assert set(begun.findings.values_list("kind", "number")) == {
        (FindingKind.COLOUR, ill),
        (FindingKind.ACT_EDITED, edited.pk),
        (FindingKind.ACT_NOT_LOGGED, forgotten.pk),
    }
    assert begun.leaves == 2


def test_each_finding_of_the_log_has_a_sentence() -> None:
    kinds = {kind.value for kind in (*LogFindingKind, *FactFindingKind)}
    assert kinds == set(FindingKind.values) - {"colour", "merged"}


@pytest.mark.django_db
def test_before_anybody_has_a_colour_there_is_nothing_to_do() -> None:
    with patch.object(services, "logger") as log:
        assert audit() == []
    log.error.assert_not_called()


DAYS = st.integers(1, 25).map(lambda day: shanghai(2, day))


@pytest.mark.django_db
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["case", "symptoms", "stay", "check-in"]), DAYS), max_size=5)
)
def test_whatever_people_did_the_recomputation_is_right(said: list[tuple[str, datetime]]) -> None:
    world.areas("330106")
    (person,) = world.people(1)
    for what, day in said:
        match what:
            case "case":
                world.fact(person, EvidenceKind.CASE, day, None, "confirmed")
            case "symptoms":
                world.fact(person, EvidenceKind.DECLARATION, day, day, "symptoms")
            case "stay":
                world.stay(person, "330106", day, day + 3 * DAY)
            case _:
                continue
    recompute_people([person], at=NIGHT)
    assert audit() == []

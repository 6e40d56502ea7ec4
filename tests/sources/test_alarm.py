"""A source by which unusually many people would turn red within an hour waits for an officer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction

from accounts.models import Person
from healthcode.acts.alarm_models import Alarm
from healthcode.acts.alarms import alarm_record
from healthcode.acts.log.alarm_audit import edited_alarms
from healthcode.acts.log.findings import LogFinding, LogFindingKind
from healthcode.acts.models import LogLeaf
from healthcode.colours.alarms import forget_reddened
from healthcode.colours.models import ReddenedBy, TurnedRed
from healthcode.core.log.leaves import decode_leaf, record_digest
from healthcode.evidence.models import HeldLine, HeldWhy, SourceGrant
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import reject_lines
from tests.acts import GROUND
from tests.evidence.conftest import HOME, World
from tests.owner import as_owner
from tests.sources.test_grants import LINES, NOON, Lab, days_ago, report

pytestmark = pytest.mark.clock
HOUR = timedelta(hours=1)
CASE = LINES["case"][1]


@pytest.fixture
def lab(world: World) -> Lab:
    """Return the hospital and 60 people; the shipped policy is in force, with its alarm."""
    people = Person.objects.bulk_create([Person(home_area=HOME) for _ in range(60)])
    SourceGrant.objects.update(reddening_lines_a_day=50)
    return Lab(world.source, [person.pk for person in people])


def usual(people: int, area: str) -> None:
    """Let so many people of an area turn red on each of the last days."""
    for back in range(1, 15):
        day = NOON.date() - timedelta(days=back)
        TurnedRed.objects.get_or_create(day=day, area="", defaults={"people": people})
        TurnedRed.objects.create(day=day, area=area, people=people)


def test_the_sixth_person_within_an_hour_waits(lab: Lab) -> None:
    answer = report(lab.source, "cases", lab.people[:8], **CASE)
    assert [result.held for result in answer.results] == [False] * 5 + [True] * 3
    assert set(HeldLine.objects.values_list("why", flat=True)) == {HeldWhy.ALARM}
    assert lab.red() == 5
    alarm = Alarm.objects.get()
    assert (alarm.by, alarm.number, alarm.area) == ("source", lab.source.pk, "")
    assert (alarm.people, alarm.proposal) == (8, None)


def test_the_reports_of_an_hour_count_together(lab: Lab) -> None:
    held = [
        report(lab.source, "cases", [who], at=NOON + HOUR * n / 10, **CASE).held
        for n, who in enumerate(lab.people[:8])
    ]
    assert held == [0, 0, 0, 0, 0, 1, 1, 1]
    assert Alarm.objects.count() == 1
    later = NOON + HOUR * 7 / 10 + HOUR
    answer = report(lab.source, "cases", lab.people[10:15], at=later, **CASE)
    assert (answer.held, lab.red()) == (0, 10)


@pytest.mark.parametrize(("people", "held"), [(3, 1), (4, 0)])
def test_in_an_outbreak_a_hospital_reports_three_times_what_is_usual(
    lab: Lab, people: int, held: int
) -> None:
    grant = lab.grant.grant
    grant.area = "3301"
    grant.save()
    usual(people, HOME)
    usual_elsewhere = TurnedRed.objects.filter(area=HOME).values_list("day", flat=True)
    TurnedRed.objects.bulk_create(
        TurnedRed(day=day, area="330203", people=100) for day in usual_elsewhere
    )
    assert report(lab.source, "cases", lab.people[:10], **CASE).held == held


def test_what_can_make_nobody_red_raises_no_alarm(lab: Lab) -> None:
    assert report(lab.source, "tests", lab.people, **LINES["negative"][1]).held == 0
    assert not ReddenedBy.objects.exists()


def test_one_person_does_not_raise_it(lab: Lab) -> None:
    for days in range(6):
        line = {"result": "positive", "sampled_at": days_ago(days)}
        assert report(lab.source, "tests", lab.people[:1], **line).held == 0


def test_the_answer_does_not_tell_who_is_red_already(lab: Lab) -> None:
    report(lab.source, "cases", lab.people[:5], at=NOON - 2 * HOUR, **CASE)
    others = replace(lab, people=lab.people[5:])
    first = report(lab.source, "contacts", others.people[:6], **LINES["close"][1])
    assert first.held == 1


def test_a_new_alarm_only_when_the_last_one_was_answered(lab: Lab, world: World) -> None:
    report(lab.source, "cases", lab.people[:6], **CASE)
    report(lab.source, "cases", lab.people[6:7], at=NOON + HOUR / 4, **CASE)
    assert Alarm.objects.count() == 1
    for batch in set(HeldLine.objects.values_list("batch", flat=True)):
        reject_lines(
            account=world.officer,
            batch_id=batch,
            lines=None,
            fingerprint=waiting_lines(world.officer, batch).fingerprint,
            ground=GROUND,
            at=NOON + HOUR / 3,
        )
    report(lab.source, "cases", lab.people[7:8], at=NOON + HOUR / 2, **CASE)
    assert Alarm.objects.count() == 2


def test_an_alarm_is_a_leaf_that_names_nobody(lab: Lab) -> None:
    report(lab.source, "cases", lab.people[:6], **CASE)
    alarm = Alarm.objects.get()
    leaf = decode_leaf(bytes(LogLeaf.objects.get(kind="alarm-raised").entry))
    assert (leaf.number, leaf.area, leaf.people) == (alarm.pk, "", "1-9")
    assert leaf.digest == record_digest(bytes(alarm.salt), alarm_record(alarm))


def test_counts_go_when_no_alarm_can_ask_for_them(lab: Lab) -> None:
    report(lab.source, "cases", lab.people[:3], **CASE)
    assert forget_reddened(NOON + timedelta(hours=23)) == 0
    assert forget_reddened(NOON + timedelta(hours=25)) == 1


def test_the_audit_finds_an_alarm_that_was_edited_or_deleted(lab: Lab) -> None:
    report(lab.source, "cases", lab.people[:6], **CASE)
    alarm = Alarm.objects.get()
    assert list(edited_alarms()) == []
    found = [LogFinding(LogFindingKind.ALARM_EDITED, alarm.pk)]
    with as_owner():
        Alarm.objects.update(people=1)
        assert list(edited_alarms()) == found
        Alarm.objects.all().delete()
    assert list(edited_alarms()) == found


def test_the_service_changes_no_alarm(lab: Lab) -> None:
    report(lab.source, "cases", lab.people[:6], **CASE)
    for change in (lambda: Alarm.objects.update(people=1), lambda: Alarm.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()

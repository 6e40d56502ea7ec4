"""A code is signed only for a colour that `decide()` gives, whoever has edited the database."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from healthcode.acts.models import Act
from healthcode.areas.models import Area
from healthcode.codes.asked_rows import SLOTS, AskedRows, asked_rows
from healthcode.codes.services import IssuedCode, issue_code
from healthcode.colours.agreement import DISAGREEMENTS, ColourRow
from healthcode.colours.errors import ColourBeingChecked
from healthcode.colours.models import Cause, ColourChange, PersonColour, Policy, Recomputation
from healthcode.colours.recompute import request, run
from healthcode.colours.sweep import apply_policy_in_force
from healthcode.core import Colour, Kind, Reason, decode
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from tests.codes.conftest import (
    NOON,
    Account,
    Resident,
    at_the_door,
    code_of,
    confirm_as_case,
)

pytestmark = [pytest.mark.clock, pytest.mark.usefixtures("signing_key")]
GREEN, YELLOW, RED = Colour
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PHONE = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""A point of P-256: the generator of the curve (FIPS 186-4, D.1.2.3)."""


@pytest.fixture
def green(zhang: Resident) -> Resident:
    """Zhang is green, and no recomputation waits."""
    finish(apply_policy_in_force(at=NOON))
    return zhang


@pytest.fixture
def red(green: Resident) -> Resident:
    """Zhang is red, and no recomputation waits."""
    confirm_as_case(green, at=NOON - DAY)
    return green


def finish(recomputation: Recomputation | None, *, at: datetime = NOON) -> None:
    assert recomputation is not None
    run(recomputation.pk, clock=lambda: at)


def edit(who: Resident, **values: object) -> None:
    """Change the row as somebody does who can edit the database."""
    assert PersonColour.objects.filter(pk=who.person.pk).update(**values) == 1


def stored(who: Resident) -> dict[str, object]:
    return PersonColour.objects.values().get(pk=who.person.pk)


def report(who: Resident, starts: datetime) -> None:
    """Have a source report a stay abroad from `starts` on, and nothing else."""
    source, _created = Account.objects.get_or_create(username="railway")
    Area.objects.get_or_create(code="00", name="境外")
    fact = NewFact(who.person.pk, EvidenceKind.STAY, starts, None, area="00")
    record(source=source, facts=[fact], at=NOON)


Issuing = Callable[[Resident], IssuedCode]


def issuing(kind: Kind, phone_key: bytes | None = None) -> Issuing:
    return lambda who: issue_code(
        account=who.account, person_id=who.person.pk, kind=kind, at=NOON, phone_key=phone_key
    )


@pytest.mark.parametrize(
    "issued", [issuing(Kind.LIVE), issuing(Kind.PAPER), issuing(Kind.LIVE, PHONE)]
)
@pytest.mark.parametrize("edited", [YELLOW, RED])
def test_an_edited_colour_gives_an_alarm_and_no_code(
    green: Resident, issued: Issuing, edited: Colour, caplog: pytest.LogCaptureFixture
) -> None:
    edit(green, colour=edited)
    before, counted = stored(green), DISAGREEMENTS._value.get()

    with pytest.raises(ColourBeingChecked):
        issued(green)

    (line,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert f"person {green.person.pk} " in line.getMessage()
    assert "张" not in line.getMessage()
    assert DISAGREEMENTS._value.get() == counted + 1
    assert stored(green) == before


def test_who_was_made_green_by_hand_gets_no_green_code(red: Resident) -> None:
    edit(red, colour=GREEN, next_change_at=None)
    with pytest.raises(ColourBeingChecked):
        code_of(red)


def test_the_right_colour_is_back_after_the_alarm(red: Resident) -> None:
    """The alarm asks for a recomputation, so that nobody stays without a code."""
    edit(red, colour=GREEN)
    with pytest.raises(ColourBeingChecked):
        code_of(red)

    asked = Recomputation.objects.get(cause=Cause.EVIDENCE)
    assert asked.people == [red.person.pk]
    finish(asked)

    assert decode(code_of(red)).code.colour is RED
    change = ColourChange.objects.latest("pk")
    assert (change.before, change.after, change.recomputation_id) == (GREEN, RED, asked.pk)


def test_a_second_try_does_not_wait_for_the_worker(red: Resident) -> None:
    edit(red, colour=GREEN)
    with pytest.raises(ColourBeingChecked):
        code_of(red)

    assert decode(code_of(red)).code.colour is RED
    assert Recomputation.objects.filter(cause=Cause.EVIDENCE).count() == 1


@pytest.mark.parametrize("moved", [NOON + DAY, NOON + 99 * DAY, NOON - DAY])
def test_an_edited_next_change_gives_no_code(green: Resident, moved: datetime) -> None:
    """It would keep the sweep from a change of colour, or pretend that one is due."""
    edit(green, next_change_at=moved)
    with pytest.raises(ColourBeingChecked):
        code_of(green)


def test_an_edited_policy_gives_no_code(green: Resident) -> None:
    now = Policy.objects.get()
    Policy.objects.create(version=1, text=now.text, holds_from=NOON - 99 * DAY, act=now.act)
    edit(green, policy_id=1)
    with pytest.raises(ColourBeingChecked):
        code_of(green)


@pytest.mark.parametrize("edited", [{"since": NOON - DAY}, {"changes": 7}])
def test_what_decide_does_not_say_is_asked_about_again(
    green: Resident,
    edited: dict[str, object],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    code_of(green)
    edit(green, **edited)
    # Queries: the row for the code, a savepoint, the row, the policy, the registrations, the facts,
    # its release. A transaction of its own begins and ends instead of the savepoint.
    with django_assert_num_queries(7):
        assert decode(code_of(green)).code.colour is GREEN
    with django_assert_num_queries(1):
        code_of(green)


def test_a_row_that_was_asked_about_is_asked_about_again_when_it_differs(
    green: Resident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code_of(green)
    with django_assert_num_queries(1):
        code_of(green)
    edit(green, colour=RED)
    with pytest.raises(ColourBeingChecked):
        code_of(green)
    edit(green, colour=GREEN)
    with django_assert_num_queries(1):
        code_of(green)


def test_a_red_code_is_asked_about_each_time(red: Resident) -> None:
    """Its reasons need the decision anyway."""
    assert decode(code_of(red)).code.colour is RED
    edit(red, colour=YELLOW)
    with pytest.raises(ColourBeingChecked):
        code_of(red)


def test_what_time_changed_is_stored_and_signed_before_the_sweep_comes(
    green: Resident, caplog: pytest.LogCaptureFixture
) -> None:
    report(green, NOON + DAY)
    finish(request(cause=Cause.EVIDENCE, people=[green.person.pk]))
    assert stored(green)["next_change_at"] == NOON + DAY
    code = code_of(green, at=NOON + DAY - MINUTE)
    assert decode(code).code.colour is GREEN

    later = code_of(green, at=NOON + DAY + MINUTE)

    assert at_the_door(later, at=NOON + DAY + MINUTE).reason is Reason.RED
    now = stored(green)
    assert (now["colour"], now["changes"], now["since"]) == (RED, 1, NOON + DAY + MINUTE)
    assert not caplog.records


def test_what_a_source_has_just_reported_is_stored_and_signed_at_once(
    green: Resident, caplog: pytest.LogCaptureFixture
) -> None:
    code_of(green)
    report(green, NOON - DAY)
    request(cause=Cause.EVIDENCE, people=[green.person.pk])
    asked_rows.forget(green.person.pk)

    assert decode(code_of(green)).code.colour is RED

    assert (stored(green)["colour"], stored(green)["changes"]) == (RED, 1)
    assert not caplog.records


def test_a_recomputation_of_others_explains_nothing(green: Resident) -> None:
    request(cause=Cause.EVIDENCE, people=[green.person.pk + 1])
    edit(green, colour=RED)
    with pytest.raises(ColourBeingChecked):
        code_of(green)


def test_a_policy_that_has_just_come_into_force_decides(
    green: Resident, caplog: pytest.LogCaptureFixture
) -> None:
    report(green, NOON - DAY)
    finish(request(cause=Cause.EVIDENCE, people=[green.person.pk]))
    act = Act.objects.get()
    act.pk, text = None, 'version = 9\nname = "p"\ntitle = { zh = "p", en = "p" }\nrule = []'
    act.save()
    Policy.objects.create(version=9, text=text, holds_from=NOON + MINUTE, act=act)

    assert decode(code_of(green)).code.colour is RED
    code = decode(code_of(green, at=NOON + MINUTE)).code

    assert (code.colour, code.policy) == (GREEN, 9)
    assert (stored(green)["colour"], stored(green)["policy_id"]) == (GREEN, 9)
    assert not caplog.records


def test_a_clock_that_is_a_little_ahead_gives_no_alarm(green: Resident) -> None:
    ahead = timedelta(seconds=2)
    report(green, NOON + ahead)
    finish(request(cause=Cause.EVIDENCE, people=[green.person.pk]), at=NOON + ahead)
    assert decode(code_of(green)).code.colour is RED
    assert stored(green)["changes"] == 1


@pytest.mark.parametrize("suffix", ["", ".png", ".svg", ".pdf"])
def test_the_interface_says_when_to_come_again(green: Resident, suffix: str) -> None:
    edit(green, colour=RED)
    with time_machine.travel(NOON, tick=False):
        answer = green.client.get(f"/api/v1/people/{green.person.pk}/code{suffix}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json()["type"] == "/problems/colour-being-checked"
    assert "service desk" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("language", "sentence"), [("zh-hans", "正在重新核对"), ("en", "ask at a service desk")]
)
def test_the_page_says_what_to_do(green: Resident, language: str, sentence: str) -> None:
    edit(green, colour=RED)
    client = green.client
    client.force_login(green.account)
    client.cookies["language"] = language
    with time_machine.travel(NOON, tick=False):
        answer = client.get(f"/people/{green.person.pk}/code")
    assert answer.status_code == 503
    assert sentence in answer.content.decode()


ROW = ColourRow(17, GREEN, NOON, 3, NOON + DAY, 2)


@pytest.mark.parametrize(
    "other",
    [
        ColourRow(17 + SLOTS, GREEN, NOON, 3, NOON + DAY, 2),
        ColourRow(17, YELLOW, NOON, 3, NOON + DAY, 2),
        ColourRow(17, GREEN, NOON + timedelta(microseconds=1), 3, NOON + DAY, 2),
        ColourRow(17, GREEN, NOON, 4, NOON + DAY, 2),
        ColourRow(17, GREEN, NOON, 3, None, 2),
        ColourRow(17, GREEN, NOON, 3, NOON + DAY, 1),
    ],
)
def test_rows_that_differ_in_anything_are_told_apart(other: ColourRow) -> None:
    asked = AskedRows()
    assert not asked.has(ROW)
    asked.remember(ROW)
    assert asked.has(ROW)
    assert not asked.has(other)
    asked.remember(other)
    assert not asked.has(ROW)

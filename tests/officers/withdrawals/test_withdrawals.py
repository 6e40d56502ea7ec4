"""Evidence stays as it was received; an officer's act withdraws evidence that was wrong."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, Role
from healthcode.acts.models import Act
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.colours.selectors import colour_of
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewEnd, NewFact, close, record, withdraw
from healthcode.web.days import day_of
from tests.acts import GROUND, SENT_GROUND, act_of
from tests.colours.world import shanghai
from tests.evidence.conftest import HOME, World, declaration, staff
from tests.owner import as_owner, deleted

pytestmark = pytest.mark.clock


@pytest.fixture
def contact(world: World, resident_client: APIClient) -> Evidence:
    """Return Zhang San's declaration of contact with a case, which makes him red."""
    given = declaration(world.person.pk, contact_with_case=True)
    assert resident_client.post("/api/v1/declarations", given, format="json").status_code == 201
    return Evidence.objects.get()


def test_a_withdrawal_is_an_act_and_the_colour_follows(
    officer_client: APIClient, world: World, contact: Evidence
) -> None:
    url = f"/api/v1/evidence/{contact.pk}/withdrawal"
    answer = officer_client.post(url, SENT_GROUND, format="json")
    assert answer.status_code == 201, answer.content
    act = Act.objects.get(pk=answer.json()["act"])
    assert (act.kind, act.account_id, act.area, act.ground, act.detail) == (
        "evidence-withdrawn",
        world.officer.pk,
        HOME,
        GROUND.text,
        {"evidence": contact.pk, "kind": "declaration"},
    )
    run(answer.json()["recomputation"])
    stored = colour_of(world.person.pk)
    assert stored is not None
    assert stored.get_colour_display() == "green"
    contact.refresh_from_db()
    assert contact.withdrawn_by_id == act.pk
    again = officer_client.post(url, SENT_GROUND, format="json")
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/already-withdrawn"
    assert Act.objects.filter(kind="evidence-withdrawn").count() == 1


def test_what_was_derived_from_a_fact_falls_with_it(
    world: World, contact: Evidence, now: datetime
) -> None:
    def derived(person: int, since: int) -> int:
        fact = NewFact(person, EvidenceKind.CONTACT, now, now, derived_from=since)
        (id_,) = record(source=world.source, facts=[fact], at=now).ids
        assert id_ is not None
        return id_

    second = derived(world.child.pk, contact.pk)
    third = derived(world.stranger.pk, second)
    other = derived(world.stranger.pk, third + 1000)
    act = act_of(world.officer, at=now)

    people = withdraw(ids=[contact.pk], act=act)

    assert people == {world.person.pk, world.child.pk, world.stranger.pk}
    fallen = set(Evidence.objects.filter(withdrawn_by=act).values_list("pk", flat=True))
    assert fallen == {contact.pk, second, third}
    assert other not in fallen


@pytest.mark.parametrize(
    ("ground", "pointer"),
    [
        ("", "/ground"),
        (" " * 20, "/ground"),
        (None, "/ground"),
        (7 * [1], "/ground"),
        ("Because", "/ground"),
    ],
)
def test_a_withdrawal_needs_a_ground(
    officer_client: APIClient, contact: Evidence, ground: Any, pointer: str
) -> None:
    url = f"/api/v1/evidence/{contact.pk}/withdrawal"
    answer = officer_client.post(url, SENT_GROUND | {"ground": ground}, format="json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Evidence.objects.filter(withdrawn_by__isnull=False).exists()


def test_only_the_officers_of_the_persons_home_withdraw(
    officer_client: APIClient,
    resident_client: APIClient,
    client_of: Callable[[Account], APIClient],
    contact: Evidence,
) -> None:
    ground = SENT_GROUND
    url = f"/api/v1/evidence/{contact.pk}/withdrawal"
    elsewhere = client_of(staff("ningbo", Role.OFFICER, "3302"))
    answer = elsewhere.post(url, ground, format="json")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/outside-your-area"
    assert resident_client.post(url, ground, format="json").status_code == 403
    for number in (contact.pk + 1, 2**70):
        missing = officer_client.post(
            f"/api/v1/evidence/{number}/withdrawal", ground, format="json"
        )
        assert missing.status_code == 404
    assert not Act.objects.filter(kind="evidence-withdrawn").exists()


def test_a_withdrawn_check_in_makes_room_for_the_right_one(world: World, now: datetime) -> None:
    fact = NewFact(
        person=world.person.pk, kind=EvidenceKind.CHECK_IN, starts=now, ends=now, day=day_of(now)
    )
    (first,) = record(source=world.zhang, facts=[fact], at=now).ids
    assert first is not None
    assert record(source=world.zhang, facts=[fact], at=now).ids == (None,)
    act = Act.objects.first()
    assert act is not None
    assert withdraw(ids=[first], act=act) == {world.person.pk}
    assert withdraw(ids=[first], act=act) == frozenset()
    assert record(source=world.zhang, facts=[fact], at=now).ids != (None,)


@pytest.mark.parametrize(
    "change",
    [
        "SET starts = starts - interval '1 day'",
        "SET starts_by = starts + interval '1 day'",
        "SET person_id = (SELECT id FROM accounts_person WHERE id <> person_id LIMIT 1)",
        "SET traits = '{}'",
        "SET detail = '{}'",
        "SET ends = NULL",
        "SET ends = ends + interval '1 day'",
        "SET received_at = now()",
    ],
)
def test_the_database_lets_nobody_change_a_fact(contact: Evidence, change: str) -> None:
    with (
        as_owner(),
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE evidence_evidence {change} WHERE id = %s", [contact.pk])


def test_an_end_is_learnt_once(world: World, now: datetime) -> None:
    fact = NewFact(person=world.person.pk, kind=EvidenceKind.STAY, starts=now, ends=None, area=HOME)
    record(source=world.source, facts=[fact], at=now)
    stay = Evidence.objects.filter(kind=EvidenceKind.STAY)
    first = now + timedelta(hours=1)
    close(ends={stay.get().pk: NewEnd(first)}, at=now)
    close(ends={stay.get().pk: NewEnd(now + timedelta(hours=2))}, at=now)
    assert stay.get().ends == first
    with as_owner(), pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        stay.update(ends=now + timedelta(hours=2))


def test_only_what_says_that_it_forgets_deletes(contact: Evidence) -> None:
    with as_owner():
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            contact.delete()
        deleted([contact.pk])
    assert not Evidence.objects.exists()


def test_a_withdrawal_stands(contact: Evidence) -> None:
    act = Act.objects.first()
    assert act is not None
    withdraw(ids=[contact.pk], act=act)
    with as_owner(), pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Evidence.objects.filter(pk=contact.pk).update(withdrawn_by=None)


def look(browser: Client, number: object) -> Any:
    """Ask for a fact, with a ground."""
    return browser.post("/officer/evidence", {"number": number, "look": "1", **SENT_GROUND})


def test_an_officer_looks_at_evidence_and_withdraws_it(world: World, contact: Evidence) -> None:
    browser = Client()
    browser.force_login(world.officer)
    browser.cookies["language"] = "en"
    url = "/officer/evidence"
    assert browser.get(url).status_code == 200
    page = look(browser, contact.pk).content.decode()
    assert "Declaration, contact with a case" in page
    assert "a resident" in page
    assert (
        browser.post(
            url, {"number": contact.pk, "ground_kind": "investigation", "ground": " "}
        ).status_code
        == 422
    )
    answer = browser.post(url, {"number": contact.pk, **SENT_GROUND})
    recomputation = Recomputation.objects.get(act__kind="evidence-withdrawn")
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"/officer/recomputations/{recomputation.pk}",
    )
    assert "Withdrawn by act" in look(browser, contact.pk).content.decode()
    assert (
        browser.post(
            url,
            {"number": contact.pk, **SENT_GROUND},
        ).status_code
        == 409
    )


@pytest.mark.parametrize(
    ("period", "result"),
    [
        (((15, 0), (16, 0)), ["2020年2月15日", "2020年2月15日"]),
        (((15, 0), (18, 0)), ["2020年2月15日", "2020年2月17日"]),
        (((15, 8), (18, 0)), ["2020年2月15日08:00", "2020年2月17日"]),
        (((15, 0), (18, 9)), ["2020年2月15日", "2020年2月18日09:00"]),
        (((15, 8), (15, 8)), ["2020年2月15日08:00"]),
        (((15, 0), (15, 0)), ["2020年2月15日00:00"]),
        (((15, 0), None), ["2020年2月15日"]),
    ],
)
def test_what_is_known_to_the_day_shows_no_hour(
    world: World, period: tuple[tuple[int, int], tuple[int, int] | None], result: list[str]
) -> None:
    starts, ends = (day and shanghai(2, *day) for day in period)
    assert starts is not None
    fact = NewFact(world.person.pk, EvidenceKind.STAY, starts, ends, area=HOME)
    (id_,) = record(source=world.source, facts=[fact], at=starts).ids
    browser = Client()
    browser.force_login(world.officer)

    page = look(browser, id_).content.decode()

    assert re.findall(r"<dd>(2020年[^<]*)</dd>", page) == result


@pytest.mark.parametrize("number", ["0", "-1", "x", "９", "1" * 19, "1" * 5000])
def test_a_number_that_is_none_is_said_to_be_none(world: World, number: str) -> None:
    browser = Client()
    browser.force_login(world.officer)
    browser.cookies["language"] = "en"
    answer = look(browser, number)
    assert answer.status_code == 404
    assert "There is no evidence with this number." in answer.content.decode()


def test_the_page_is_for_officers_of_the_home_only(world: World, contact: Evidence) -> None:
    browser = Client()
    browser.force_login(world.zhang)
    assert browser.get("/officer/evidence").status_code == 403
    browser.force_login(staff("ningbo", Role.OFFICER, "3302"))
    answer = look(browser, contact.pk)
    assert answer.status_code == 403
    assert HOME not in answer.content.decode()

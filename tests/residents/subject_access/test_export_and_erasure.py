"""A person exports everything that the service knows about them, or has it erased."""

import json
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import Account, Grant, Person, Relation, Role
from accounts.services import register_person, resident_account
from healthcode.acts.kinds import LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Act
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.status_lists import editions
from healthcode.codes.status_lists.indexes import reference
from healthcode.colours.models import ColourChange, Recomputation
from healthcode.core import Kind, Reason
from healthcode.evidence.models import Evidence
from healthcode.evidence.ndjson import NumberedLine
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.errors import StillNeeded
from healthcode.residents.subject_access.export import export
from healthcode.sources.evidence import report_evidence
from healthcode.tracing.models import Place, Presence
from tests.accounts.proving import proves_itself
from tests.acts import GROUND
from tests.codes.conftest import (
    HOME,
    NOON,
    Resident,
    at_the_door,
    clear_as_case,
    code_of,
    confirm_as_case,
)
from verifier.models import Scan, Venue

HOUR = timedelta(hours=1)

pytestmark = [pytest.mark.clock, pytest.mark.django_db]


@pytest.fixture
def known(zhang: Resident, signing_key: SigningKey, officer: Account) -> Resident:
    """Zhang, with data in every room: evidence, colour changes, a presence, a scan."""
    editions.publish(at=NOON)
    confirm_as_case(zhang, at=NOON - 2 * HOUR)
    clear_as_case(zhang, at=NOON - HOUR)
    person = zhang.person.pk
    place = Place.objects.create(kind="household", name="")
    Presence.objects.create(
        day=NOON.date(), person_id=person, place=place, starts=NOON, ends=NOON + HOUR, sure=True
    )
    venue = Venue.objects.create(name="North Gate Hospital", area=HOME, manager=officer)
    status = reference(person=person, changes=2, at=NOON)
    assert status
    for idx in (status.idx, status.idx + 1):
        Scan.objects.create(
            day=NOON.date(),
            id=uuid4(),
            venue=venue,
            device_id=1,
            scanned_at=NOON,
            received_at=NOON,
            outcome="pass",
            reason="ok",
            status_uri=status.uri,
            status_idx=idx,
            code_digest=bytes(32),
        )
    Recomputation.objects.create(cause="evidence", people=[person, person + 1])
    by = Onlooker(officer, Role.OFFICER, HOME, GROUND)
    record_looks(by=by, people=[person], what=LookKind.EVIDENCE, at=NOON)

    case = {"person": person, "status": "suspected", "confirmed_at": NOON.isoformat()}
    without_grant = Account.objects.create(username="clinic")
    report_evidence(source=without_grant, kind="cases", lines=[NumberedLine(1, case)], at=NOON)
    return zhang


def about(person: int) -> dict[str, int]:
    """Return the rows of every table that refers to this person, found by the columns."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.concrete_fields:
                if field.related_model is Person or (model is Person and field.primary_key):
                    table, column = model._meta.db_table, field.column
                    cursor.execute(f'SELECT count(*) FROM {table} WHERE "{column}" = %s', [person])  # noqa: S608  names of models
                    (found[table],) = cursor.fetchone()
    return found


def test_the_export_has_everything_in_clear(known: Resident) -> None:
    told = export(known.person.pk, at=NOON)
    assert json.loads(json.dumps(told)) == told
    assert told["registration"]["name"] == "张小明"  # type: ignore[index]  # JSON
    assert told["registration"]["id_number"] == "E12345678"  # type: ignore[index]  # JSON
    assert told["colour"]["colour"] == "green"  # type: ignore[index]  # JSON
    lengths = {name: len(part) for name, part in told.items() if isinstance(part, list)}
    assert lengths == {
        "acts": 0,
        "former_homes": 0,
        "looks": 1,
        "changes": 2,
        "evidence": 2,
        "held": 1,
        "presences": 1,
        "households": 0,
        "scans": 1,
    }
    assert told["scans"][0]["venue"] == "North Gate Hospital"  # type: ignore[index]  # JSON
    assert "hospital" not in json.dumps(told["evidence"])
    assert "clinic" not in json.dumps(told["held"])


def test_only_who_looks_after_a_person_can_take_it_away(known: Resident) -> None:
    client = known.client
    proves_itself(known.account)
    answer = client.get(f"/api/v1/people/{known.person.pk}/export")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].count("no-store") == 1
    assert answer.json()["registration"]["name"] == "张小明"
    other = Resident(Account.objects.create(username="somebody-else"), known.person)
    Grant.objects.create(account=other.account, role=Role.RESIDENT)
    assert other.client.get(f"/api/v1/people/{known.person.pk}/export").status_code == 404
    sent = {"person": known.person.pk}
    path = f"/api/v1/people/{known.person.pk}/erasure"
    assert other.client.post(path, sent, "application/json").status_code == 404


def test_erasing_leaves_nothing_but_the_act(known: Resident) -> None:
    """The test searches every column of every table that can refer to a person."""
    person = known.person.pk
    before = about(person)
    assert before["evidence_evidence"] == 2
    assert before["tracing_presence"] == 1

    act = erase_at_request(person_id=person, account=known.account, at=NOON)

    assert not any(about(person).values())
    assert not ColourChange.objects.exists()
    assert Scan.objects.count() == 1, "somebody else's stays"
    assert Recomputation.objects.get(cause="evidence").people == [person + 1]
    assert Act.objects.get(pk=act.pk).detail == {"person": person}


def test_their_codes_end_with_them(known: Resident) -> None:
    """Otherwise a printed card would stay valid for two weeks."""
    editions.publish(at=NOON)
    card = code_of(known, at=NOON, kind=Kind.PAPER)
    assert at_the_door(card, at=NOON).reason is Reason.OK
    erase_at_request(person_id=known.person.pk, account=known.account, at=NOON)
    editions.publish(at=NOON)
    assert at_the_door(card, at=NOON).reason is Reason.SUPERSEDED
    assert StatusList.objects.exists()


def test_of_the_account_only_the_number_stays(zhang: Resident) -> None:
    account = resident_account(phone="+8613800138000")
    document = {"name": "Li", "id_type": "20", "id_number": "C01X00T47", "phone": None}
    first, second = (
        register_person(
            account=account,
            relation=relation,
            home_area=HOME,
            at=NOON,
            **document | {"id_number": number},  # type: ignore[arg-type]  # all are texts
        )
        for relation, number in ((Relation.SELF, "C01X00T47"), (Relation.CHILD, "C01X00T48"))
    )
    erase_at_request(person_id=first.pk, account=account, at=NOON)
    account.refresh_from_db()
    assert account.phone_index is not None, "there is a child to look after"
    erase_at_request(person_id=second.pk, account=account, at=NOON)
    account.refresh_from_db()
    assert (account.phone_index, account.phone_sealed, account.is_active) == (None, None, False)
    assert not account.grants.exists()
    assert resident_account(phone="+8613800138000") != account


def test_nobody_gets_green_by_being_erased(zhang: Resident) -> None:
    confirm_as_case(zhang, at=NOON)
    with pytest.raises(StillNeeded):
        erase_at_request(person_id=zhang.person.pk, account=zhang.account, at=NOON)
    assert Evidence.objects.filter(person=zhang.person).count() == 2
    assert not Act.objects.filter(kind="person-erased").exists()


def test_the_interface_wants_the_number_twice(zhang: Resident) -> None:
    path = f"/api/v1/people/{zhang.person.pk}/erasure"
    slip = {"person": zhang.person.pk + 1}
    client = zhang.client
    assert client.post(path, slip, "application/json").status_code == 422
    proves_itself(zhang.account)
    answer = client.post(path, {"person": zhang.person.pk}, "application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"act": Act.objects.latest("pk").pk}
    assert not Person.objects.exists()


def test_the_page_tells_hands_out_and_erases(zhang: Resident) -> None:
    browser = Client()
    browser.force_login(zhang.account)
    proves_itself(zhang.account, browser)
    page = f"/people/{zhang.person.pk}/data"
    assert "下载全部数据" in browser.get(page).content.decode()
    assert browser.get(f"{page}.json").json()["format"] == "health-code-person/1"
    assert browser.post(page).status_code == 422
    assert browser.post(page, {"sure": "on"}).status_code == 302
    assert not Person.objects.exists()


def test_an_officer_does_it_at_a_service_desk(zhang: Resident, officer: Account) -> None:
    number = str(zhang.person.pk)
    out = StringIO()
    ground = ("--ground-kind=requested", "--ground=Asked for by letter, file 7")
    by_officer = (f"--officer={officer.username}", *ground)
    call_command("export_person", number, *by_officer, stdout=out)
    assert json.loads(out.getvalue())["registration"]["name"] == "张小明"
    Account.objects.create(username="nobody")
    for name in ("nobody", "unknown"):
        with pytest.raises(CommandError):
            call_command(
                "erase_person",
                number,
                "--officer",
                name,
                "--ground-kind=requested",
                "--ground=Asked for by letter, file 7",
            )
    call_command(
        "erase_person",
        number,
        "--officer",
        officer.username,
        "--ground-kind=requested",
        "--ground=Asked for by letter, file 7",
        stdout=out,
    )
    assert Act.objects.latest("pk").account == officer
    with pytest.raises(CommandError):
        call_command("export_person", number, *by_officer)

"""Facts about people who are not registered wait for them, and the source cannot tell."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts import vault
from accounts.models import (
    Account,
    Grant,
    Guardianship,
    Identity,
    IdentityProof,
    Person,
    Relation,
    Role,
)
from accounts.rosters import PLAIN, replace_roster
from accounts.selectors import find_person
from accounts.services import register_person, resident_account
from accounts.waiting import forget_waiting, people_with
from healthcode.acts.alarm_models import Alarm
from healthcode.codes import keys
from healthcode.codes.models import SigningKey
from healthcode.codes.status_lists import indexes
from healthcode.colours.models import ColourChange, PersonColour
from healthcode.colours.recompute import run
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, HeldLine, SourceGrant
from healthcode.evidence.ndjson import NumberedLine
from healthcode.officers.statistics.selectors import colours_by_county
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.sources.evidence import report_evidence
from healthcode.sources.serializers import report_answer
from tests.accounts.proving import proves_itself
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World, reporting, resident
from tests.owner import as_owner, deleted

PASSPORT, NAME = "E99999999", "王小明"
UNKNOWN = {"id_type": "20", "id_number": PASSPORT}
PHONE = "+8613900000001"


def case(now: datetime, **other: Any) -> dict[str, Any]:
    day = (now - timedelta(days=3)).isoformat(timespec="seconds")
    return {**UNKNOWN, "status": "confirmed", "confirmed_at": day, **other}


def sampled(now: datetime, **other: Any) -> dict[str, Any]:
    day = (now - timedelta(days=1)).isoformat(timespec="seconds")
    return {**UNKNOWN, "result": "negative", "sampled_at": day, **other}


def register(now: datetime, phone: str = PHONE, *, proven: bool) -> Person:
    if proven:
        roster = [",".join(PLAIN), f"20,{PASSPORT},{NAME},{phone}"]
        replace_roster(roster, on=now.date())
    return register_person(
        account=resident_account(phone=phone),
        relation=None,
        name=NAME,
        id_type="20",
        id_number=PASSPORT,
        phone=None,
        home_area="330203",
        at=now,
    )


def report(source: Account, kind: str, *lines: dict[str, Any], at: datetime) -> dict[str, Any]:
    numbered = [NumberedLine(n, line) for n, line in enumerate(lines, 1)]
    answer = report_answer(report_evidence(source=source, kind=kind, lines=numbered, at=at))
    if answer["recomputation"] is not None:
        run(answer["recomputation"])
    return answer


@pytest.fixture
def signing_key(db: None, now: datetime) -> SigningKey:
    keys.keyring.forget()
    indexes.known_parts.forget()
    return keys.make_key(starts=now - timedelta(days=1), signs_for=timedelta(days=90))


def test_a_case_reported_before_the_registration_is_red_afterwards(
    world: World, source_client: APIClient, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    answer = source_client.post("/api/v1/evidence/cases", case(now), format="json")
    assert (answer.status_code, answer.json()["accepted"]) == (201, 1)
    run(answer.json()["recomputation"])
    later = now + timedelta(days=7)
    person = register(later, proven=True)
    guardianship = Guardianship.objects.get(person=person)
    assert (guardianship.relation, guardianship.proof) == (Relation.SELF, IdentityProof.REGISTER)
    person.refresh_from_db()
    assert (person.is_waiting, person.home_area, person.created_at) == (False, "330203", later)
    client = client_of(guardianship.account)
    assert client.get(f"/api/v1/people/{person.pk}/colour").json()["colour"] == "red"
    proves_itself(guardianship.account)
    file = client.get(f"/api/v1/people/{person.pk}/export").json()
    assert (file["registration"]["name"], file["registration"]["id_number"]) == (NAME, PASSPORT)


def test_who_only_claims_the_document_sees_nothing_of_it(
    world: World, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    report(world.source, "tests", sampled(now), at=now)
    person = register(now, proven=False)
    client = client_of(Guardianship.objects.get(person=person).account)
    for page in ("code", "colour", "export", "looks"):
        answer = client.get(f"/api/v1/people/{person.pk}/{page}")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/proof-needed")


def test_nobody_looks_after_a_person_who_waits(
    world: World, resident_client: APIClient, now: datetime
) -> None:
    report(world.source, "cases", case(now), at=now)
    waiting = Person.objects.get(is_waiting=True)
    assert not waiting.guardianships.exists()
    for page in ("code", "colour", "export", "looks"):
        assert resident_client.get(f"/api/v1/people/{waiting.pk}/{page}").status_code == 404
    assert find_person(**UNKNOWN) is None


def test_the_vault_holds_only_the_hash_of_the_document(world: World, now: datetime) -> None:
    report(world.source, "cases", case(now), at=now)
    who = Identity.objects.get(person__is_waiting=True)
    row = bytes(who.number_index)
    assert vault.unseal(who.name_sealed, field=vault.Field.NAME, row=row) == ""
    assert vault.unseal(who.number_sealed, field=vault.Field.NUMBER, row=row) == ""
    assert (who.phone_sealed, who.phone_index) == (None, None)


@pytest.mark.parametrize(("area", "home"), [("3302", "3302"), ("", "33")])
def test_the_home_until_then_is_the_area_of_the_source(
    world: World, now: datetime, area: str, home: str
) -> None:
    source = reporting("clinic", area)
    answer = report(source, "cases", case(now), at=now)
    assert (answer["accepted"], answer["held"]) == (1, 0)
    assert Person.objects.get(is_waiting=True).home_area == home


def test_of_several_grants_the_one_for_the_kind_says_where(world: World, now: datetime) -> None:
    source = reporting("clinic", HOME, kinds=["tests"])
    other = Grant.objects.create(account=source, role=Role.SOURCE, area="3302")
    SourceGrant.objects.create(grant=other, kinds=["cases"])
    assert report(source, "cases", case(now), at=now)["held"] == 0
    assert Person.objects.get(is_waiting=True).home_area == "3302"


def test_impossible_documents_and_areas_make_nobody_wait(world: World, now: datetime) -> None:
    before = Person.objects.count()
    stay = {**UNKNOWN, "area": "999999", "from": now.isoformat()}
    [far] = report(world.source, "stays", stay, at=now)["results"]
    [wrong] = report(world.source, "tests", sampled(now, id_number="E1"), at=now)["results"]
    assert far["problem"]["type"] == "/problems/unknown-area"
    assert wrong["problem"]["type"] == "/problems/unknown-person"
    assert Person.objects.count() == before


LINES = st.lists(
    st.fixed_dictionaries(
        {"result": st.sampled_from(["positive", "negative", "perhaps"])},
        optional={"reference": st.sampled_from(["a", "b"]), "more": st.just(1)},
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=st.lists(LINES, min_size=1, max_size=3), budget=st.integers(0, 2))
def test_answers_are_alike_for_the_registered_and_for_others(
    world: World, now: datetime, reports: list[list[dict[str, Any]]], budget: int
) -> None:
    told = [
        _answers(world, now, number, reports, budget)
        for number in (ZHANGS_PASSPORT, PASSPORT, ZHANGS_PASSPORT)
    ]
    assert told[0] == told[1] == told[2]


def _answers(
    world: World, now: datetime, number: str, reports: list[list[dict[str, Any]]], budget: int
) -> list[dict[str, Any]]:
    """Return what a new source is told about a document, without the numbers of facts.

    Nothing of it stays for the next one.
    """
    with transaction.atomic():
        source = reporting("lab", HOME, reddening_lines_a_day=budget)
        told = []
        for lines in reports:
            sent = [{**sampled(now), "id_number": number, **line} for line in lines]
            answer = report(source, "tests", *sent, at=now)
            first = Evidence.objects.filter(source=source).order_by("pk").first()
            for result in answer["results"]:
                if "id" in result:
                    result["id"] -= first.pk if first else 0
            answer["recomputation"] = answer["recomputation"] is not None
            told.append(answer)
        told.append(
            {
                "spent": SourceGrant.objects.get(grant__account=source).spent,
                "alarms": Alarm.objects.count(),
                "held": HeldLine.objects.filter(source=source).count(),
            }
        )
        transaction.set_rollback(True)
    return told


def test_statistics_count_the_registered(world: World, now: datetime) -> None:
    report(world.source, "cases", case(now), at=now)
    assert PersonColour.objects.filter(person__is_waiting=True, colour=Colour.RED).exists()
    assert "33" not in colours_by_county().counties


def test_people_who_wait_go_when_nothing_of_them_is_left(world: World, now: datetime) -> None:
    held = reporting("unknown", "3302", kinds=["tests"])
    report(world.source, "cases", case(now), at=now)
    report(held, "cases", case(now, id_number="E88888888"), at=now)
    people_with([("20", "E77777777")], home=HOME, at=now)
    assert (Person.objects.filter(is_waiting=True).count(), HeldLine.objects.count()) == (3, 1)
    later, registered = now + timedelta(days=1), Person.objects.filter(is_waiting=False).count()
    assert forget_waiting(at=later) == 1
    deleted(list(Evidence.objects.values_list("pk", flat=True)))
    with as_owner():
        HeldLine.objects.all().delete()
    assert forget_waiting(at=later) == 2
    assert forget_waiting(at=later) == 0
    assert Person.objects.count() == registered
    assert not ColourChange.objects.exclude(person__in=Person.objects.all()).exists()


def test_after_an_erasure_nothing_of_before_comes_back(
    world: World, signing_key: SigningKey, now: datetime
) -> None:
    report(world.source, "tests", sampled(now), at=now)
    person = register(now, proven=True)
    account = Guardianship.objects.get(person=person).account
    erase_at_request(person_id=person.pk, account=account, at=now)
    assert not Identity.objects.filter(person=person.pk).exists()
    report(world.source, "tests", sampled(now), at=now)
    again = Person.objects.get(is_waiting=True)
    assert again.pk != person.pk
    assert Evidence.objects.filter(person=again).count() == 1
    assert register(now, "+8613900000002", proven=True) == again


def test_a_report_takes_two_more_queries_however_many_wait(world: World, now: datetime) -> None:
    counts = []
    for first, number in ((1, 1), (10, 1), (100, 300), (100, 300)):
        lines = [sampled(now, id_number=f"G{first + n:08}") for n in range(number)]
        numbered = [NumberedLine(n, line) for n, line in enumerate(lines, 1)]
        with CaptureQueriesContext(connection) as queries:
            report_evidence(source=world.source, kind="tests", lines=numbered, at=now)
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    _remembers_the_roles, few, many, again = counts
    assert few == many == again + 2
    assert Person.objects.filter(is_waiting=True).count() == 302


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_one_instant_make_one_person(world: World, now: datetime) -> None:
    sources, start = [reporting("a"), reporting("b")], Barrier(2)
    documents = [f"G{n:08}" for n in range(200)]

    def send(source: Account, numbers: list[str]) -> int:
        lines = [NumberedLine(n, sampled(now, id_number=one)) for n, one in enumerate(numbers, 1)]
        start.wait()
        try:
            stored = report_evidence(source=source, kind="tests", lines=lines, at=now)
        finally:
            connections.close_all()
        return stored.accepted

    with ThreadPoolExecutor(2) as both:
        accepted = list(both.map(send, sources, [documents, documents[::-1]]))
    assert accepted == [len(documents)] * 2
    assert Person.objects.filter(is_waiting=True).count() == len(documents)
    assert Evidence.objects.count() == 2 * len(documents)


@pytest.mark.django_db(transaction=True)
def test_who_registers_while_a_source_reports_is_the_same_person(
    world: World, now: datetime
) -> None:
    def come() -> Person:
        try:
            return register(now, proven=False)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            (waiting,) = people_with([("20", PASSPORT)], home=HOME, at=now).values()
            coming = other.submit(come)
            while not (_somebody_waits_for_us() or coming.done()):
                pass
        assert coming.result().pk == waiting
    assert not Person.objects.get(pk=waiting).is_waiting


def _somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted "
            "AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def test_a_registered_person_stays_found(world: World, now: datetime) -> None:
    known = resident(world.zhang, Relation.OTHER, NAME, PASSPORT)
    report(world.source, "tests", sampled(now), at=now)
    assert Evidence.objects.get().person_id == known.pk

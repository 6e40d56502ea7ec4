"""Registration of oneself and others: a document belongs to one person for good."""

import threading
from collections.abc import Mapping

import pytest
from django.db import connection
from django.utils import timezone

from accounts import admission, limits, selectors, services
from accounts.errors import DocumentAlreadyRegistered, SelfAlreadyRegistered, UnknownArea
from accounts.login_models import LimitEvent
from accounts.models import (
    Account,
    Grant,
    Guardianship,
    Identity,
    Person,
    Role,
)
from healthcode.web.errors import InvalidInput, NotFound
from tests.accounts.conftest import api_client
from tests.accounts.people import LI, PHONE, SMITH, WANG, resident_number

POST = {"content_type": "application/json"}


def register(account: Account, who: Mapping[str, str], **also: str | None) -> Person:
    given = {"relation": None, "phone": None, **who, **also}
    return services.register_person(account=account, **given, at=timezone.now())  # type: ignore[arg-type]


@pytest.fixture
def neighbour(areas: None) -> Account:
    """Another resident."""
    account = Account.objects.create(phone_index=b"n" * 32)
    Grant.objects.create(account=account, role=Role.RESIDENT)
    return account


def test_the_first_is_the_holder_the_next_are_others(resident: Account) -> None:
    for who in (WANG, LI, SMITH):
        register(resident, who)
    known = selectors.people_of(resident)
    assert [person.relation for person in known] == ["self", "other", "other"]


@pytest.mark.parametrize("home", ["4419", "4420", "4604", "6202"])
def test_a_city_without_counties_is_a_home(country: None, resident: Account, home: str) -> None:
    answer = api_client(resident).post("/api/v1/people", {**WANG, "home_area": home}, **POST)
    assert answer.status_code == 201, answer.content
    assert answer.json()["home_area"] == home


def test_a_home_whose_code_has_ended_is_refused_with_its_successors(
    country: None, resident: Account
) -> None:
    body = {**WANG, "home_area": "330104"}
    answer = api_client(resident).post("/api/v1/people", body, **POST)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/ended-area")
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/home_area"
    assert "(330102)" in error["detail"]
    assert "(330114)" in error["detail"]
    assert not Person.objects.exists()


def test_the_holder_comes_first_whenever_registered(resident: Account) -> None:
    child = register(resident, LI, relation="child")
    holder = register(resident, WANG, relation="self")
    assert [person.id for person in selectors.people_of(resident)] == [holder.id, child.id]


def test_an_answer_shows_everything_masked(resident: Account) -> None:
    client = api_client(resident)
    body = {**WANG, "phone": PHONE, "relation": "parent"}
    made = client.post("/api/v1/people", body, **POST)
    assert made.status_code == 201
    person = Person.objects.get()
    assert made.json() == {
        "id": person.id,
        "relation": "parent",
        "name": "王*",
        "id_type": "10",
        "id_number": "3" + "*" * 15 + WANG["id_number"][-2:],
        "phone": "*********00",
        "home_area": "330106",
        "proof": None,
        "proven_at": None,
    }
    assert client.get("/api/v1/people").json() == [made.json()]


@pytest.mark.parametrize("relation", ["self", "child", None])
def test_a_document_is_registered_once(
    resident: Account, neighbour: Account, relation: str | None
) -> None:
    register(resident, WANG)
    for account in (resident, neighbour):
        with pytest.raises(DocumentAlreadyRegistered):
            register(account, {**WANG, "name": "别人", "id_number": WANG["id_number"].lower()},
                     relation=relation)  # fmt: skip
    assert Person.objects.count() == Identity.objects.count() == 1


def test_the_refusal_says_what_to_do_and_not_whose_it_is(
    resident: Account, neighbour: Account
) -> None:
    register(resident, WANG, phone=PHONE)
    answer = api_client(neighbour).post("/api/v1/people", WANG, **POST)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/document-already-registered"
    assert "log in with the phone number used then" in answer.json()["detail"]
    assert set(answer.json()) == {"type", "title", "status", "detail"}


def test_an_account_has_one_holder(resident: Account) -> None:
    register(resident, WANG)
    with pytest.raises(SelfAlreadyRegistered):
        register(resident, LI, relation="self")
    assert Person.objects.count() == 1


def test_nothing_is_stored_of_a_person_with_an_unknown_home(resident: Account) -> None:
    with pytest.raises(UnknownArea):
        register(resident, {**WANG, "home_area": "339999"})
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "\x00"}, "/name"),
        ({"name": "张" * 65}, "/name"),
        ({"name": ["张三"]}, "/name"),
        ({"id_type": "11"}, "/id_type"),
        ({"id_number": "123"}, "/id_number"),
        ({"id_number": None}, "/id_number"),
        ({"id_number": "\ud800"}, "/id_number"),
        ({"phone": "12345"}, "/phone"),
        ({"home_area": "33a"}, "/home_area"),
        ({"home_area": ""}, "/home_area"),
        ({"relation": "spouse"}, "/relation"),
        ({"colour": "green"}, "/colour"),
    ],
)
def test_wrong_input_is_pointed_at(
    resident: Account, wrong: dict[str, object], pointer: str
) -> None:
    answer = api_client(resident).post("/api/v1/people", {**WANG, **wrong}, **POST)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert all(error["detail"] for error in answer.json()["errors"])
    assert not Person.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', "null", "5", b"\xff\xfe"])
def test_bodies_that_are_no_object(resident: Account, body: str | bytes) -> None:
    answer = api_client(resident).post("/api/v1/people", body, **POST)
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


def test_others_people_are_not_found(resident: Account, neighbour: Account) -> None:
    theirs = register(neighbour, WANG)
    for unknown in (theirs.id, 0, -1, 2**40, 2**80):
        with pytest.raises(NotFound):
            selectors.person_for(resident, unknown)
        with pytest.raises(NotFound):
            selectors.known_person(resident, unknown)
    assert selectors.person_for(neighbour, theirs.id) == theirs
    assert selectors.people_of(resident) == []


def test_two_guardians_of_one_child(resident: Account, neighbour: Account) -> None:
    child = register(resident, LI, relation="child")
    Guardianship.objects.create(account=neighbour, person=child, relation="child")
    assert selectors.person_for(neighbour, child.id) == child


def test_people_are_found_by_document_whatever_the_spelling(resident: Account) -> None:
    wang, smith = register(resident, WANG), register(resident, SMITH)
    number = WANG["id_number"]
    documents = [
        ("10", number),
        ("10", f" {number[:6]} {number[6:]}"),
        ("20", "c01x00t47"),
        ("20", number),
        ("99", "C01X00T47"),
        ("10", resident_number(sequence=999)),
        ("10", "nonsense"),
        ("77", number),
    ]
    assert selectors.find_people(documents) == {
        documents[0]: wang.id,
        documents[1]: wang.id,
        documents[2]: smith.id,
    }
    assert selectors.find_person(id_type="10", id_number=number) == wang.id
    assert selectors.find_person(id_type="10", id_number="nonsense") is None


def test_an_account_cannot_try_out_documents_without_end(resident: Account) -> None:
    now = timezone.now()
    subject = limits.subject_of(services.REGISTRATIONS, str(resident.pk))
    uses = services.REGISTRATIONS.most - 1
    LimitEvent.objects.bulk_create(LimitEvent(subject=subject, at=now) for _use in range(uses))
    client = api_client(resident)
    assert client.post("/api/v1/people", WANG, **POST).status_code == 201
    answer = client.post("/api/v1/people", LI, **POST)
    assert answer.status_code == 429
    assert answer.json()["detail"].startswith("Too many tries. Please try again in 2")


def test_tokens_and_people_are_kept_by_no_cache(resident: Account) -> None:
    client = api_client(resident)
    assert "no-store" in client.get("/api/v1/people")["Cache-Control"]
    assert "no-store" in client.post("/api/v1/auth/login", {}, **POST)["Cache-Control"]


def test_many_are_admitted_together_or_not_at_all(areas: None) -> None:
    people = [
        admission.NewPerson("张三", "10", resident_number(sequence=i), "330106") for i in range(50)
    ]
    ids = admission.admit(people, at=timezone.now())
    assert len(set(ids)) == 50
    newcomers = [admission.NewPerson(**SMITH), people[7]]
    with pytest.raises(DocumentAlreadyRegistered):
        admission.admit(newcomers, at=timezone.now())
    with pytest.raises(InvalidInput):
        admission.admit([admission.NewPerson("", "20", "E12345678", "33")], at=timezone.now())
    assert Person.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_of_many_registering_one_document_at_once_one_succeeds(areas: None) -> None:
    accounts = [Account.objects.create(phone_index=bytes([i]) * 32) for i in range(8)]
    barrier = threading.Barrier(len(accounts))
    outcomes: list[str] = []

    def attempt(account: Account) -> None:
        barrier.wait()
        try:
            register(account, WANG)
            outcomes.append("registered")
        except DocumentAlreadyRegistered:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[account]) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["registered"]
    assert Person.objects.count() == Guardianship.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ("王\u200b伟", "王*"),
        ("\ufeff王伟\u200e", "王*"),
        ("𠮷田", "𠮷*"),
        ("龘", "龘*"),
        ("买买提江·阿不都热合曼", "买*"),
        ("葛\U000e0100城", "葛*"),
        ("\U0002ebf0小明", "\U0002ebf0*"),
        ("\U00031350\U000323b0", "\U00031350*"),
    ],
)
def test_any_character_of_a_name_is_taken_and_the_first_is_shown(
    resident: Account, typed: str, masked: str
) -> None:
    client = api_client(resident)
    made = client.post("/api/v1/people", {**WANG, "name": typed}, **POST)
    assert (made.status_code, made.json()["name"]) == (201, masked)
    assert client.get("/api/v1/people").json() == [made.json()]

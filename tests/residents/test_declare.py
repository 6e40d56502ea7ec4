"""Declarations: the colour that follows, what is refused, and what a newer declaration changes."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Person
from healthcode.areas.models import Area, Level
from healthcode.areas.services import publish_levels
from healthcode.colours.errors import NoPolicy
from healthcode.evidence.declarations import DECLARATIONS_A_DAY, MAX_STAYS, Declaration, Stay
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import withdraw
from healthcode.residents.declarations.services import declare
from healthcode.web.days import SHANGHAI, start_of_day
from tests.acts import act_of
from tests.evidence.conftest import HOME, World, declaration

pytestmark = pytest.mark.clock

URL = "/api/v1/declarations"
HANGZHOU = date(2021, 4, 9)


def days_ago(days: int) -> str:
    """A date in Shanghai, counted back from today."""
    return (datetime.now(SHANGHAI).date() - timedelta(days=days)).isoformat()


def stay(**changes: Any) -> dict[str, Any]:
    """A stay in the home area, five days ago, with `changes`."""
    return {"area": HOME, "from": days_ago(5), "to": days_ago(5), **changes}


@pytest.mark.parametrize(
    ("changes", "colour", "rules"),
    [
        ({}, "green", []),
        ({"temperature": 37.2}, "green", []),
        ({"temperature": 37.3}, "yellow", ["declared-symptoms"]),
        ({"symptoms": ["cough"]}, "yellow", ["declared-symptoms"]),
        ({"contact_with_case": True}, "red", ["declared-contact"]),
        (
            {"contact_with_case": True, "symptoms": ["fever", "fever"]},
            "red",
            ["declared-contact", "declared-symptoms"],
        ),
        ({"stays": [stay()]}, "green", []),
        ({"stays": [stay(area="00")]}, "red", ["from-abroad"]),
        ({"stays": [stay(area="330000")]}, "green", []),
        ({"stays": [stay(to=None)]}, "green", []),
    ],
)
def test_the_colour_follows_at_once(
    resident_client: APIClient,
    world: World,
    changes: dict[str, Any],
    colour: str,
    rules: list[str],
) -> None:
    answer = resident_client.post(URL, declaration(world.person.pk, **changes), format="json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["colour"] == colour
    assert [reason["rule"] for reason in answer.json()["reasons"]] == rules
    again = resident_client.get(f"/api/v1/people/{world.person.pk}/colour")
    assert again.json() == answer.json()


def test_a_reason_says_where_it_comes_from_and_what_is_missing(
    resident_client: APIClient, world: World, now: datetime
) -> None:
    act = act_of(world.officer, at=now)
    publish_levels(
        act=act, effective_from=now - timedelta(days=30), whole_of="", levels={HOME: Level.ORANGE}
    )
    answer = resident_client.post(
        URL, declaration(world.person.pk, stays=[stay()]), format="json"
    ).json()
    fact = Evidence.objects.get(kind=EvidenceKind.STAY)
    (reason,) = answer["reasons"]
    ended = start_of_day(datetime.now(SHANGHAI).date() - timedelta(days=4))
    assert answer["colour"] == "yellow"
    assert reason == reason | {
        "rule": "orange-area",
        "evidence": fact.pk,
        "act": act.pk,
        "area": HOME,
        "area_name": "浙江省杭州市西湖区",
        "level": "orange",
        "until": None,
        "needs": {"kind": "check_ins", "done": 0, "needed": 7, "hours_apart": None},
    }
    assert datetime.fromisoformat(reason["holds_until"]) == ended + timedelta(days=7)
    assert "西湖区" in reason["text"]


def test_the_sentences_follow_the_language(resident_client: APIClient, world: World) -> None:
    given = declaration(world.person.pk, contact_with_case=True)
    english = resident_client.post(URL, given, format="json").json()
    chinese = resident_client.get(
        f"/api/v1/people/{world.person.pk}/colour", headers={"Accept-Language": "zh-CN"}
    ).json()
    assert "declared contact with a case" in english["reasons"][0]["text"]
    assert "申报时填了接触过病人" in chinese["reasons"][0]["text"]


BAD: list[tuple[dict[str, Any], str | None]] = [
    ({"person": "1"}, "/person"),
    ({"person": True}, "/person"),
    ({"person": 2**63}, "/person"),
    ({"symptoms": "cough"}, "/symptoms"),
    ({"symptoms": ["hunger"]}, "/symptoms/0"),
    ({"symptoms": [{"code": "cough"}]}, "/symptoms/0"),
    ({"symptoms": ["\ud800"]}, "/symptoms/0"),
    ({"temperature": 3}, "/temperature"),
    ({"temperature": 370}, "/temperature"),
    ({"temperature": "hot"}, "/temperature"),
    ({"temperature": [36.5]}, "/temperature"),
    ({"temperature": True}, "/temperature"),
    ({"contact_with_case": "no"}, "/contact_with_case"),
    ({"contact_with_case": 0}, "/contact_with_case"),
    ({"contact_with_case": None}, "/contact_with_case"),
    ({"stays": {}}, "/stays"),
    ({"stays": ["330106"]}, "/stays/0"),
    ({"stays": [stay()] * (MAX_STAYS + 1)}, "/stays"),
    ({"stays": [stay()] * 500}, "/stays"),
    ({"stays": [stay(), stay(area=330106)]}, "/stays/1/area"),
    ({"stays": [stay(area="3301061")]}, "/stays/0/area"),
    ({"stays": [stay(area="33010６")]}, None),
    ({"stays": [stay(area="")]}, "/stays/0/area"),
    ({"stays": [stay(area="33\x00")]}, "/stays/0/area"),
    ({"stays": [{"area": HOME}]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": None})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "yesterday"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": 20200224})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "2020-02-30"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "2020-02-24T08:00:00"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "2020-02-24T08:00:00+99:00"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "0001-01-01T00:00:00+14:00"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "1920-02-24", "to": "1920-02-25"})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": "2999-01-01", "to": None})]}, "/stays/0/from"),
    ({"stays": [stay(to="2999-01-01")]}, "/stays/0/to"),
    ({"stays": [stay(to="9999-12-31")]}, "/stays/0/to"),
    ({"stays": [stay(to=days_ago(-1))]}, "/stays/0/to"),
    ({"stays": [stay(to=days_ago(6))]}, "/stays/0/to"),
    ({"stays": [stay(to=days_ago(9))]}, "/stays/0/to"),
    ({"stays": [stay(**{"from": days_ago(3650)})]}, "/stays/0/from"),
    ({"stays": [stay(**{"from": days_ago(61)})]}, None),
    ({"stays": [stay(**{"from": days_ago(61), "to": None})]}, "/stays/0/from"),
    ({"stays": [stay(note="hello")]}, "/stays/0/note"),
    ({"temprature": 36.5}, "/temprature"),
]
"""What is wrong with a declaration, and the member to blame; None where nothing is."""


@pytest.mark.parametrize(("changes", "pointer"), BAD)
def test_bad_input_is_refused_kindly_and_nothing_is_stored(
    resident_client: APIClient, world: World, changes: dict[str, Any], pointer: str | None
) -> None:
    given = json.dumps({**declaration(world.person.pk), **changes})
    answer = resident_client.post(URL, given, content_type="application/json")
    if pointer is None:
        assert answer.status_code == 201, answer.content
        return
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] == "/problems/invalid-input"
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert all(error["detail"].endswith(".") for error in problem["errors"])
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "invalid-input"),
        (b"{", 400, "malformed-json"),
        (b"\xff\xfe", 400, "malformed-json"),
        (b'{"person": NaN}', 400, "malformed-json"),
        (b"[" * 60_000, 400, "malformed-json"),
        (b"[]", 422, "invalid-input"),
        (b"null", 422, "invalid-input"),
        (b'"declaration"', 422, "invalid-input"),
        (b'{"\\ud800": 1}', 422, "invalid-input"),
        (b" " * 70_000, 413, "too-large"),
    ],
)
def test_a_body_that_is_no_declaration(
    resident_client: APIClient, body: bytes, status: int, slug: str
) -> None:
    answer = resident_client.generic("POST", URL, body, content_type="application/json")
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{slug}"


@pytest.fixture
def ended(world: World) -> None:
    """The code 330103 ended. Its land is part of 330105, which has been red for two days."""
    Area.objects.filter(code="330103").update(ends=HANGZHOU)
    Area.objects.create(code="330105", name="拱墅区")
    now = datetime.now(UTC)
    act = act_of(world.officer, at=now)
    with transaction.atomic():
        publish_levels(
            act=act,
            effective_from=now - timedelta(days=2),
            whole_of=None,
            levels={"330105": Level.RED},
        )


def test_a_stay_under_a_code_that_had_ended_is_refused_with_its_successors(
    resident_client: APIClient, world: World, ended: None
) -> None:
    given = declaration(world.person.pk, stays=[stay(), stay(area="330103", to=None)])
    answer = resident_client.post(URL, given, format="json")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/ended-area")
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/stays/1/area"
    assert error["detail"].endswith("Use 浙江省杭州市拱墅区 (330105) instead.")
    chinese = resident_client.post(URL, given, format="json", headers={"accept-language": "zh"})
    assert "请改用浙江省杭州市拱墅区（330105）" in chinese.json()["detail"]
    assert not Evidence.objects.exists()


def test_a_stay_of_the_time_under_a_code_of_the_time_is_taken(
    resident_client: APIClient, world: World, ended: None
) -> None:
    old = stay(area="330103", **{"from": "2020-02-01", "to": "2020-02-03"})
    spanning = stay(area="330103", **{"from": "2021-04-01", "to": "2021-04-20"})
    given = declaration(world.person.pk, stays=[old, spanning])
    answer = resident_client.post(URL, given, format="json")
    assert answer.status_code == 201, answer.content


def test_whose_home_is_under_a_code_that_ended_can_declare_and_is_not_released(
    resident_client: APIClient, world: World, ended: None
) -> None:
    Person.objects.filter(pk=world.person.pk).update(home_area="330103")
    given = declaration(world.person.pk, stays=[stay(area="330103", to=None)])
    answer = resident_client.post(URL, given, format="json")
    assert (answer.status_code, answer.json()["colour"]) == (201, "red"), answer.content


def test_the_page_says_what_took_the_place_of_an_area(
    world: World, ended: None, client: Client
) -> None:
    client.force_login(world.zhang)
    form = {
        "unwell": "no",
        "contact": "no",
        "temperature": "36.5",
        "elsewhere": "yes",
        "places": "1",
        "area-0": "330103",
        "from-0": days_ago(3),
        "to-0": "",
    }
    page = client.post(f"/people/{world.person.pk}/declare", form)
    assert page.status_code == 422
    assert "请改用浙江省杭州市拱墅区（330105）" in page.content.decode()


def test_an_unknown_area_is_named_and_nothing_is_stored(
    resident_client: APIClient, world: World
) -> None:
    given = declaration(world.person.pk, stays=[stay(), stay(area="999999")])
    answer = resident_client.post(URL, given, format="json")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/unknown-area"
    assert answer.json()["codes"] == ["999999"]
    assert not Evidence.objects.exists()


def test_only_those_who_look_after_a_person_declare_for_them(
    client_of: Callable[[Account], APIClient], resident_client: APIClient, world: World
) -> None:
    for person in (world.stranger.pk, 10**15):
        answer = resident_client.post(URL, declaration(person), format="json")
        assert answer.status_code == 404
        assert resident_client.get(f"/api/v1/people/{person}/colour").status_code == 404
    child = declaration(world.child.pk)
    assert resident_client.post(URL, child, format="json").status_code == 201
    assert APIClient().post(URL, child, format="json").status_code == 401
    assert client_of(world.source).post(URL, child, format="json").status_code == 403


def test_a_newer_declaration_erases_nothing(resident_client: APIClient, world: World) -> None:
    first = declaration(world.person.pk, contact_with_case=True, stays=[stay(area="00")])
    resident_client.post(URL, first, format="json")
    answer = resident_client.post(URL, declaration(world.person.pk), format="json")
    assert answer.json()["colour"] == "red"


def test_a_stay_that_goes_on_ends_with_the_declaration_that_no_longer_names_it(
    resident_client: APIClient, world: World
) -> None:
    person = world.person.pk
    here = stay(to=None)
    for given in (declaration(person, stays=[here]), declaration(person, stays=[here])):
        resident_client.post(URL, given, format="json")
    repeated = Evidence.objects.get(kind=EvidenceKind.STAY)
    assert repeated.ends is None
    before = datetime.now(UTC)
    moved = stay(area="330203", to=None, **{"from": days_ago(0)})
    resident_client.post(URL, declaration(person, stays=[moved]), format="json")
    repeated.refresh_from_db()
    assert repeated.ends is not None
    assert before <= repeated.ends <= datetime.now(UTC)
    assert repeated.end_received_at is not None
    assert Evidence.objects.get(area="330203").ends is None


def test_the_same_stay_is_evidence_once(resident_client: APIClient, world: World) -> None:
    given = declaration(world.person.pk, stays=[stay(area="00"), stay(area="00")])
    for _ in range(2):
        answer = resident_client.post(URL, given, format="json")
        assert len(answer.json()["reasons"]) == 1
    fact = Evidence.objects.get(kind=EvidenceKind.STAY)
    act = act_of(world.officer, at=datetime.now(UTC))
    withdraw(ids=[fact.pk], act=act)
    answer = resident_client.post(URL, given, format="json")
    assert len(answer.json()["reasons"]) == 1, "what an officer withdrew can be declared anew"


def test_a_flood_of_declarations_is_turned_away(resident_client: APIClient, world: World) -> None:
    given = declaration(world.person.pk)
    for _ in range(DECLARATIONS_A_DAY):
        assert resident_client.post(URL, given, format="json").status_code == 201
    answer = resident_client.post(URL, given, format="json")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 24 * 3600
    assert Evidence.objects.count() == DECLARATIONS_A_DAY


def test_the_number_of_queries_does_not_depend_on_the_number_of_stays(
    resident_client: APIClient, world: World
) -> None:
    # The first declaration makes the row of the colour, and later ones find it.
    resident_client.post(URL, declaration(world.person.pk), format="json")
    counts = []
    for stays in (1, MAX_STAYS):
        given = declaration(world.person.pk, stays=[stay(to=days_ago(n % 5)) for n in range(stays)])
        with CaptureQueriesContext(connection) as queries:
            assert resident_client.post(URL, given, format="json").status_code == 201
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] == counts[1]
    assert counts[0] <= 15


def test_the_symptoms_are_listed_in_both_languages() -> None:
    answer = APIClient().get("/api/v1/symptoms")
    assert answer.status_code == 200
    assert {"code": "fever", "zh": "发烧", "en": "Fever"} in answer.json()
    assert len(answer.json()) == 10


def test_what_cannot_be_decided_is_not_stored(world: World, now: datetime) -> None:
    given = Declaration(symptoms=(), temperature=None, contact_with_case=True, stays=())
    before_any_policy = now - timedelta(days=500)
    with pytest.raises(NoPolicy):
        declare(account=world.zhang, person=world.person, declaration=given, at=before_any_policy)
    assert not Evidence.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_double_where_somebody_is(world: World, now: datetime) -> None:
    here = Stay(HOME, now - timedelta(days=3), None)
    given = Declaration(symptoms=(), temperature=None, contact_with_case=False, stays=(here,))
    together = Barrier(2)

    def tap() -> None:
        together.wait()
        try:
            declare(account=world.zhang, person=world.person, declaration=given, at=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for tapped in [pool.submit(tap), pool.submit(tap)]:
            tapped.result()
    kinds = list(Evidence.objects.order_by("kind").values_list("kind", flat=True))
    assert kinds == ["declaration", "declaration", "stay"]

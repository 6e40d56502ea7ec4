"""Publishing and reading the risk map over the HTTP interface."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Person, Role
from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import Cause, PersonColour, Recomputation
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.days import day_of
from tests.acts import GROUND
from tests.areas.conftest import client_of, published, shanghai, staff

pytestmark = pytest.mark.clock

URL = "/api/v1/areas/levels"
NOW = datetime.now(UTC)
FRAME = {
    "effective_from": "2020-02-09",
    "ground_kind": "investigation",
    "ground": "新闻发布会（2020年2月10日）",
    "whole_of": "33",
}


@pytest.fixture
def wang(officer: Account) -> APIClient:
    """Return an HTTP client of the officer Wang."""
    return client_of(officer)


def put(client: APIClient, levels: object, query: str = "", **frame: object) -> Any:
    body = {**FRAME, **frame, "levels": levels}
    return client.put(f"{URL}{query}", json.dumps(body), content_type="application/json")


def put_csv(client: APIClient, data: bytes, **query: str) -> Any:
    return client.put(f"{URL}?{urlencode({**FRAME, **query})}", data, content_type="text/csv")


def test_two_maps_as_csv_give_the_act_the_changes_and_a_recomputation(wang: APIClient) -> None:
    assert put_csv(wang, published("2020-02-09")).status_code == 200
    answer = put_csv(wang, published("2020-02-24"), effective_from="2020-02-24")
    assert answer.status_code == 200
    result = answer.json()
    assert result.keys() == {"act", "rose", "fell", "recomputation"}
    assert result["rose"] == []
    assert len(result["fell"]) == 78
    assert result["fell"][0] == {
        "code": "330102",
        "name": "上城区",
        "before": "yellow",
        "after": "green",
    }
    act = Act.objects.get(pk=result["act"])
    assert (act.kind, act.area, act.ground) == ("levels-published", "33", FRAME["ground"])
    assert act.detail["effective_from"] == "2020-02-23T16:00:00+00:00"
    assert act.detail["levels"]["330102"] == "green"
    recomputation = Recomputation.objects.get(pk=result["recomputation"])
    assert recomputation.cause == Cause.LEVELS
    assert recomputation.areas == [one["code"] for one in result["fell"]]
    assert recomputation.touches_from == shanghai("2020-02-24")

    shown = APIClient().get(URL, {"on": "2020-02-28", "within": "33"})
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "public, max-age=10"
    body = shown.json()
    assert body["counts"] == {"red": 0, "orange": 0, "yellow": 2, "blue": 6, "green": 82}
    assert (body["rose"], body["fell"]) == (result["rose"], result["fell"])
    assert body["levels"][0].keys() == {"code", "name", "level", "since"}


def test_a_part_of_a_map_leaves_the_rest_alone(wang: APIClient) -> None:
    put(wang, [{"code": "330102", "level": "red"}, {"code": "330106", "level": "blue"}])
    answer = put(wang, [{"code": "330106", "level": "yellow"}], whole_of=None)
    assert [one["code"] for one in answer.json()["rose"]] == ["330106"]
    assert Act.objects.latest("pk").area == "330106"
    levels = {row["code"]: row["level"] for row in APIClient().get(URL).json()["levels"]}
    assert levels == {"330102": "red", "330106": "yellow"}


def test_what_the_whole_leaves_out_becomes_green_and_is_counted(wang: APIClient) -> None:
    put(wang, [{"code": "330102", "level": "red"}])
    answer = put(wang, [], effective_from="2020-02-20")
    assert [one["code"] for one in answer.json()["fell"]] == ["330102"]
    assert APIClient().get(URL).json()["counts"]["green"] == 1


def test_codes_may_be_padded(wang: APIClient) -> None:
    answer = put(wang, [{"code": "330100", "level": "blue"}], whole_of="330000")
    assert [one["code"] for one in answer.json()["rose"]] == ["3301"]


def test_csv_as_spreadsheets_save_it_is_read(wang: APIClient) -> None:
    with_mark = "\ufeffName,Level,Code\r\n上城区,red,330102\r\n\r\n".encode()
    in_gb18030 = "name,level,code\r\n西湖区, Blue ,330106\r\n".encode("gb18030")
    for data, code in ((with_mark, "330102"), (in_gb18030, "330106")):
        answer = put_csv(wang, data, effective_from="2020-03-01")
        assert [one["code"] for one in answer.json()["rose"]] == [code]


LINES: list[tuple[list[object], list[tuple[int, str]]]] = [
    ([{"code": "339999", "level": "red"}], [(1, "unknown-area")]),
    ([{"code": "33", "level": "red"}, {"code": "330000", "level": "red"}], [(2, "listed-twice")]),
    ([{"code": "330102", "level": "purple"}], [(1, "unknown-level")]),
    ([{"code": "33", "level": "red"}, {"code": "31", "level": "red"}], [(2, "outside-whole")]),
    ([{"code": "3", "level": "red"}], [(1, "malformed-code")]),
    ([{"code": "", "level": ""}], [(1, "malformed-code")]),
    ([{"code": "33\x00", "level": "red"}], [(1, "malformed-code")]),
    ([{"code": "330102", "level": "red\x00"}], [(1, "unknown-level")]),
    ([{"code": 330102, "level": "red"}], [(1, "not-a-line")]),
    ([{"code": "330102"}, 7, None], [(1, "not-a-line"), (2, "not-a-line"), (3, "not-a-line")]),
    ([{"code": "330102", "level": "red", "colour": "red"}], [(1, "not-a-line")]),
    ([{"code": "330102", "level": "red"}] * 100_000, [(20_001, "too-long")]),
]  # fmt: skip


@pytest.mark.parametrize(("levels", "faults"), LINES)
def test_a_bad_line_is_named_and_nothing_is_published(
    wang: APIClient, levels: list[object], faults: list[tuple[int, str]]
) -> None:
    answer = put(wang, levels)
    assert answer.status_code == 422
    result = answer.json()
    assert result["type"] == "/problems/invalid-map"
    assert [(error["line"], error["fault"]) for error in result["errors"]] == faults
    assert result["errors"][0]["pointer"] == f"/levels/{faults[0][0] - 1}"
    assert all(error["detail"].endswith(".") for error in result["errors"])
    assert result["faults"] == len(faults)
    assert_nothing_stored()


FILES = [
    (b"", 1, "columns"),
    (b"code,name\n330102,x\n", 1, "columns"),
    (b"code,level,code\n330102,red,330102\n", 1, "columns"),
    (b"330102,red\n330106,red\n", 1, "columns"),
    (b"code,level\n330102,red\n330106\n", 3, "columns"),
    (b"code,level\n330102,red,\n", 2, "columns"),
    (b'code,level\n330102,"red\n', 2, "not-csv"),
    (b"code,level\n330102,red\x00\n", 1, "not-csv"),
    (b"\x89PNG\r\n\x1a\n\xff\xff", 1, "not-csv"),
    (b"code,level\n" + b"330102,red\n" * 100_000, 20_002, "too-long"),
    (b"code,level\n\n330102,red\n\n330102,blue\n", 5, "listed-twice"),
]


@pytest.mark.parametrize(("data", "line", "fault"), FILES)
def test_a_bad_file_is_refused_with_the_number_of_the_line(
    wang: APIClient, data: bytes, line: int, fault: str
) -> None:
    answer = put_csv(wang, data)
    assert answer.status_code == 422
    result = answer.json()
    assert result["type"] == "/problems/invalid-map"
    assert (result["errors"][0]["line"], result["errors"][0]["fault"]) == (line, fault)
    assert_nothing_stored()


FRAMES: list[tuple[dict[str, object], str]] = [
    ({"ground_kind": "investigation", "ground": ""}, "/ground"),
    ({"ground_kind": "investigation", "ground": "   "}, "/ground"),
    ({"ground_kind": "investigation", "ground": "x" * 1001}, "/ground"),
    ({"ground_kind": "investigation", "ground": 5 * "a\x00b"}, "/ground"),
    ({"effective_from": "yesterday"}, "/effective_from"),
    ({"effective_from": "2020-02-30"}, "/effective_from"),
    ({"effective_from": 20200209}, "/effective_from"),
    ({"effective_from": "2020-02-09T00:00:00"}, "/effective_from"),
    ({"effective_from": "1020-02-09"}, "/effective_from"),
    ({"effective_from": (NOW + timedelta(days=9)).date().isoformat()}, "/effective_from"),
    ({"whole_of": "3x"}, "/whole_of"),
    ({"whole_of": 33}, "/whole_of"),
    ({"levels": "330102,red"}, "/levels"),
    ({"levels": [{"code": "\ud800", "level": "red"}]}, "/levels/0/code"),
    ({"levels": {}}, "/levels"),
    ({"level": []}, "/level"),
]


@pytest.mark.parametrize(("frame", "pointer"), FRAMES)
def test_what_is_said_beside_the_lines_is_checked(
    wang: APIClient, frame: dict[str, object], pointer: str
) -> None:
    body = {**FRAME, "levels": [{"code": "330102", "level": "red"}], **frame}
    answer = wang.put(URL, json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert_nothing_stored()


@pytest.mark.parametrize("query", ["?preview=ture", "?previw=true", "?preview=", "?preview=false"])
def test_a_misspelt_preview_does_not_publish(wang: APIClient, query: str) -> None:
    answer = put(wang, [{"code": "330102", "level": "red"}], query)
    assert answer.status_code == (200 if query in {"?preview=", "?preview=false"} else 422)
    assert AreaLevel.objects.exists() is (answer.status_code == 200)


def test_an_empty_map_that_is_the_whole_of_nothing_is_refused(wang: APIClient) -> None:
    answer = put(wang, [], whole_of=None)
    assert answer.json()["errors"][0]["fault"] == "empty"


def test_malformed_json_and_other_media_types_are_refused(wang: APIClient) -> None:
    broken = wang.put(URL, b"{", content_type="application/json")
    assert (broken.status_code, broken.json()["type"]) == (400, "/problems/malformed-json")
    form = wang.put(URL, b"a=b", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415


@pytest.mark.parametrize(
    ("area", "levels", "whole_of", "outside"),
    [
        ("3301", ["330102", "330203"], None, ["330203"]),
        ("3301", ["330102"], "33", ["33"]),
        ("330102", ["3301"], None, ["3301"]),
        ("31", ["330102", "310101", "330106"], None, ["330102", "330106"]),
    ],
)
def test_an_officer_publishes_only_where_he_is_responsible(
    zhejiang: None, area: str, levels: list[str], whole_of: str | None, outside: list[str]
) -> None:
    client = client_of(staff("li", Role.OFFICER, area))
    answer = put(client, [{"code": code, "level": "red"} for code in levels], whole_of=whole_of)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/outside-your-area"
    assert answer.json()["codes"] == outside
    assert_nothing_stored()


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.SOURCE, Role.PARTNER, Role.VENUE_MANAGER])
def test_nobody_but_officers_publishes(zhejiang: None, role: Role) -> None:
    line = [{"code": "330102", "level": "red"}]
    assert put(client_of(staff("x", role, "")), line).status_code == 403
    assert put(APIClient(), line).status_code == 401
    assert_nothing_stored()


@pytest.fixture
def people(officer: Account) -> dict[str, Person]:
    """Create two people, each with a stay in another district, and a third without a stay."""
    publish_policy(
        account=officer,
        text=SHIPPED.read_text(encoding="utf-8"),
        holds_from=NOW - timedelta(days=400),
        ground=GROUND,
        at=NOW,
    )
    made = {code: Person.objects.create(home_area=code) for code in ("330102", "330106", "330203")}
    for code in ("330102", "330106"):
        Evidence.objects.create(
            person=made[code],
            kind=EvidenceKind.STAY,
            area_id=code,
            starts=NOW - timedelta(days=3),
            ends=None,
            source=officer,
        )
    recompute_people([person.pk for person in made.values()], at=NOW)
    return made


def test_a_preview_counts_now_and_then_and_leaves_no_trace(
    wang: APIClient, people: dict[str, Person]
) -> None:
    lines = [{"code": "330102", "level": "red"}, {"code": "330106", "level": "orange"}]
    day = (day_of(NOW) - timedelta(days=1)).isoformat()
    acts = Act.objects.count()
    preview = put(wang, lines, "?preview=true", effective_from=day)
    assert preview.status_code == 200
    result = preview.json()
    assert result["now"] == {"green": 2, "yellow": 0, "red": 0}
    assert result["then"] == {"green": 0, "yellow": 1, "red": 1}
    assert (result["people_found"], result["people_changed"]) == (2, 2)
    assert [one["code"] for one in result["rose"]] == ["330102", "330106"]
    assert_nothing_stored()
    assert Act.objects.count() == acts

    done = put(wang, lines, effective_from=day).json()
    assert (done["rose"], done["fell"]) == (result["rose"], result["fell"])
    run(done["recomputation"])
    stored = dict(PersonColour.objects.values_list("person_id", "colour"))
    assert {code: stored[person.pk] for code, person in people.items()} == {
        "330102": Colour.RED,
        "330106": Colour.YELLOW,
        "330203": Colour.GREEN,
    }
    again = put(wang, lines, "?preview=true", effective_from=day).json()
    assert (again["people_found"], again["rose"], again["fell"]) == (0, [], [])


def test_the_number_of_statements_does_not_depend_on_the_map(
    wang: APIClient, people: dict[str, Person]
) -> None:
    put_csv(wang, published("2020-02-09"))
    for query, most in ({}, 38), ({"preview": "true"}, 20):
        with CaptureQueriesContext(connection) as queries:
            put_csv(wang, published("2020-02-24"), effective_from="2020-02-24", **query)
        assert len(queries) <= most
    with CaptureQueriesContext(connection) as queries:
        APIClient().get(URL, {"within": "33"})
    assert len(queries) == 4


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"on": "soon"}, "/on"),
        ({"on": "2020-02-30"}, "/on"),
        ({"on": "2020-02-24T00:00:00"}, "/on"),
        ({"within": "3"}, "/within"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    zhejiang: None, query: dict[str, str], pointer: str
) -> None:
    answer = APIClient().get(URL, query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_the_map_is_read_within_an_area_and_at_an_instant(wang: APIClient) -> None:
    put(wang, [{"code": "330102", "level": "red"}, {"code": "330203", "level": "blue"}])
    assert APIClient().get(URL, {"within": "99"}).status_code == 422

    def seen(**query: str) -> list[str]:
        return [row["code"] for row in APIClient().get(URL, query).json()["levels"]]

    assert seen(within="3302") == ["330203"]
    assert seen(on="2020-02-08") == []
    assert seen(on="2020-02-08T23:59:59+08:00") == []
    assert seen(on="2020-02-09T00:00:00+08:00") == ["330102", "330203"]


def assert_nothing_stored() -> None:
    assert not AreaLevel.objects.exists()
    assert not Act.objects.filter(kind="levels-published").exists()
    assert not Recomputation.objects.filter(cause=Cause.LEVELS).exists()

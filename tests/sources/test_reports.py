"""Sources report in bulk. A reference is stored once; the number of statements is fixed."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account
from healthcode.areas.models import Area, Level
from healthcode.areas.services import publish_levels
from healthcode.colours.models import Recomputation
from healthcode.colours.recompute import run
from healthcode.colours.selectors import colour_of
from healthcode.evidence.models import Evidence
from healthcode.sources.parsers import MOST_LINES
from tests.acts import act_of
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World

pytestmark = pytest.mark.clock


def days_ago(days: int) -> str:
    """Return the instant so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def send(client: APIClient, kind: str, *lines: dict[str, Any] | str) -> Any:
    """Send lines as NDJSON; a text is sent unchanged."""
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return client.generic(
        "POST", f"/api/v1/evidence/{kind}", body, content_type="application/x-ndjson"
    )


@pytest.mark.parametrize(
    ("kind", "line", "traits", "colour"),
    [
        ("stays", {"area": HOME, "from": days_ago(3)}, [], "green"),
        ("stays", {"area": "00", "from": days_ago(3), "to": days_ago(1)}, [], "red"),
        ("contacts", {"strength": "close", "from": days_ago(3)}, ["close"], "red"),
        ("contacts", {"strength": "secondary", "from": days_ago(3)}, ["secondary"], "yellow"),
        ("cases", {"status": "confirmed", "confirmed_at": days_ago(3)}, ["confirmed"], "red"),
        (
            "cases",
            {"status": "suspected", "confirmed_at": days_ago(90), "recovered_at": days_ago(15)},
            ["suspected"],
            "red",
        ),
        ("tests", {"result": "positive", "sampled_at": days_ago(1)}, ["positive"], "red"),
        ("tests", {"result": "negative", "sampled_at": days_ago(1)}, ["negative"], "green"),
    ],
)
def test_each_kind_becomes_evidence_and_a_colour(
    source_client: APIClient,
    world: World,
    kind: str,
    line: dict[str, Any],
    traits: list[str],
    colour: str,
) -> None:
    document = {"id_type": "20", "id_number": ZHANGS_PASSPORT.lower()}
    answer = source_client.post(f"/api/v1/evidence/{kind}", {**document, **line}, format="json")
    assert answer.status_code == 201, answer.content
    fact = Evidence.objects.get()
    assert (fact.person_id, fact.source_id, fact.traits) == (
        world.person.pk,
        world.source.pk,
        traits,
    )
    assert answer.json() == {
        "accepted": 1,
        "held": 0,
        "rejected": 0,
        "results": [{"line": 1, "state": "recorded", "id": fact.pk}],
        "recomputation": Recomputation.objects.get(people=[world.person.pk]).pk,
    }
    run(answer.json()["recomputation"])
    stored = colour_of(world.person.pk)
    assert stored is not None
    assert stored.get_colour_display() == colour


def ended(world: World) -> None:
    """Make 330105, which now contains the ended 330103, red; 110228 has no known successor."""
    Area.objects.filter(code="330103").update(ends=date(2021, 4, 9))
    Area.objects.create(code="330105", name="拱墅区")
    Area.objects.create(code="11", name="北京市")
    Area.objects.create(code="1102", name="北京市", ends=date(2015, 11, 30))
    Area.objects.create(code="110228", name="密云县", ends=date(2015, 11, 30))
    now = datetime.now(UTC)
    act = act_of(world.officer, at=now)
    with transaction.atomic():
        publish_levels(
            act=act,
            effective_from=now - timedelta(days=2),
            whole_of=None,
            levels={"330105": Level.RED, "11": Level.RED},
        )


def test_a_stay_under_a_code_that_had_ended_is_kept_and_counts_for_its_successors(
    source_client: APIClient, world: World
) -> None:
    ended(world)
    stay = {"person": world.person.pk, "area": "330103", "from": days_ago(3), "to": days_ago(0)}
    answer = source_client.post("/api/v1/evidence/stays", stay, format="json")
    assert answer.status_code == 201, answer.content
    [result] = answer.json()["results"]
    assert result["notice"]["area"] == "330103"
    assert result["notice"]["successors"] == ["330105"]
    assert "浙江省杭州市拱墅区 (330105)" in result["notice"]["detail"]
    run(answer.json()["recomputation"])
    stored = colour_of(world.person.pk)
    assert stored is not None
    assert stored.get_colour_display() == "red"


def test_where_no_successor_is_known_the_notice_says_that_the_parents_levels_count(
    source_client: APIClient, world: World
) -> None:
    ended(world)
    lines = [
        {"person": world.person.pk, "area": "110228", "from": days_ago(3), "to": days_ago(0)},
        {"person": world.child.pk, "area": "330103", "from": "2020-02-01", "to": "2020-02-03"},
    ]
    answer = send(source_client, "stays", *lines)
    unknown, of_the_time = answer.json()["results"]
    assert unknown["notice"]["successors"] == []
    assert unknown["notice"]["detail"].endswith("the levels of 北京市 (11) apply.")
    assert "notice" not in of_the_time
    run(answer.json()["recomputation"])
    colours = [colour_of(person.pk) for person in (world.person, world.child)]
    assert [colour and colour.get_colour_display() for colour in colours] == ["red", "green"]


def test_good_lines_are_stored_and_bad_ones_answered_beside_them(
    source_client: APIClient, world: World
) -> None:
    person = world.person.pk
    good = {"person": person, "result": "negative", "sampled_at": days_ago(1)}
    answer = send(
        source_client,
        "tests",
        good,
        "{",
        "",
        {**good, "person": 10**12},
        {**good, "id_type": "20", "id_number": "E1"},
        {**good, "sampled_at": "2999-01-01"},
        {**good, "result": "perhaps"},
        {**good, "\ud800": 1},
        {**good, "reference": "a\x00"},
        "[" * 5000,
        '{"person": 1, "person": 1}',
        {
            "id_type": "20",
            "id_number": "E9999999999",
            "result": "negative",
            "sampled_at": days_ago(1),
        },
        {**good, "person": world.child.pk},
    )
    report = answer.json()
    types = {
        result["line"]: result["problem"]["type"].removeprefix("/problems/")
        for result in report["results"]
        if "problem" in result
    }
    assert answer.status_code == 200
    assert types == {
        2: "malformed-json",
        4: "unknown-person",
        5: "invalid-input",
        6: "invalid-input",
        7: "invalid-input",
        8: "malformed-json",
        9: "invalid-input",
        10: "malformed-json",
        11: "malformed-json",
        12: "unknown-person",
    }
    assert (report["accepted"], report["rejected"]) == (2, 10)
    assert set(Evidence.objects.values_list("person", flat=True)) == {person, world.child.pk}
    assert "E9999999999" not in answer.content.decode()


@pytest.mark.parametrize(
    ("line", "status", "slug"),
    [
        ({"area": "999999", "from": days_ago(1)}, 422, "unknown-area"),
        ({"area": HOME}, 422, "invalid-input"),
        ([], 422, "invalid-input"),
        ({"area": HOME, "from": days_ago(1), "person": 7}, 422, "unknown-person"),
    ],
)
def test_a_single_line_that_is_wrong_is_a_problem_of_the_request(
    source_client: APIClient, world: World, line: Any, status: int, slug: str
) -> None:
    given = {"person": world.person.pk, **line} if isinstance(line, dict) else line
    answer = source_client.post("/api/v1/evidence/stays", given, format="json")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"/problems/{slug}"
    assert not Evidence.objects.exists()
    assert not Recomputation.objects.filter(cause="evidence").exists()


def test_the_same_reference_is_stored_once(source_client: APIClient, world: World) -> None:
    line = {"person": world.person.pk, "strength": "close", "from": days_ago(2), "reference": "c1"}
    first = send(source_client, "contacts", line, line).json()
    again = send(source_client, "contacts", line).json()
    id_ = Evidence.objects.get().pk
    told = {"state": "recorded", "id": id_}
    assert first["results"] == [{"line": 1, **told}, {"line": 2, **told, "known": True}]
    assert again["results"] == [{"line": 1, **told, "known": True}]
    assert again["recomputation"] is None


def test_the_reference_of_a_fact_that_goes_on_brings_its_end(
    source_client: APIClient, world: World
) -> None:
    case = {
        "person": world.person.pk,
        "status": "confirmed",
        "confirmed_at": days_ago(80),
        "reference": "case-1",
    }
    recovered = {**case, "recovered_at": days_ago(20)}
    send(source_client, "cases", case)
    report = send(source_client, "cases", recovered, recovered, case).json()
    fact = Evidence.objects.get()
    assert fact.ends == datetime.fromisoformat(recovered["recovered_at"])
    assert fact.end_received_at is not None
    assert report["rejected"] == 0
    assert report["recomputation"] is not None
    assert send(source_client, "cases", recovered).json()["recomputation"] is None


def test_a_reference_that_names_another_fact_is_refused(
    source_client: APIClient, client_of: Callable[[Account], APIClient], world: World
) -> None:
    stay = {"person": world.person.pk, "area": HOME, "from": days_ago(9), "reference": "s1"}
    send(source_client, "stays", {**stay, "to": days_ago(5)})
    report = send(
        source_client,
        "stays",
        {**stay, "area": "330203"},
        {**stay, "person": world.child.pk},
        {**stay, "to": days_ago(4)},
    ).json()
    assert [result["problem"]["type"] for result in report["results"]] == [
        "/problems/reference-taken"
    ] * 3
    assert Evidence.objects.count() == 1


def test_the_number_of_queries_does_not_depend_on_the_number_of_lines(
    source_client: APIClient, world: World
) -> None:
    counts = []
    stay = {"area": HOME, "from": days_ago(5)}
    for lines in (2, 500):
        report = [
            {"person": world.person.pk, **stay, "reference": f"{n}"}
            if n % 2
            else {"id_type": "20", "id_number": ZHANGS_PASSPORT, **stay}
            for n in range(lines)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert send(source_client, "stays", *report).json()["rejected"] == 0
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    # Four of them for the grant and the policies, three for the batch and its leaf.
    assert counts[0] <= 13
    assert counts[1] <= counts[0] + 1  # the second report repeats a reference


def test_a_report_has_a_longest_length(source_client: APIClient) -> None:
    answer = send(source_client, "stays", *["{}"] * (MOST_LINES + 1))
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-many-lines"
    assert answer.json()["limit_lines"] == MOST_LINES


def test_only_sources_report_and_only_known_kinds(
    source_client: APIClient, resident_client: APIClient, world: World
) -> None:
    line = {"person": world.person.pk, "result": "negative", "sampled_at": days_ago(1)}
    assert send(resident_client, "tests", line).status_code == 403
    assert send(APIClient(), "tests", line).status_code == 401
    assert send(source_client, "declarations", line).status_code == 404
    text = source_client.generic("POST", "/api/v1/evidence/tests", "x", content_type="text/plain")
    assert text.status_code == 415
    assert not Evidence.objects.exists()


def test_a_byte_order_mark_is_no_part_of_the_first_line(
    source_client: APIClient, world: World
) -> None:
    line = json.dumps({"person": world.person.pk, "area": HOME, "from": days_ago(3)})
    body = f"\ufeff{line}\n{line}\n\ufeff{line}"
    answer = source_client.generic(
        "POST", "/api/v1/evidence/stays", body, content_type="application/x-ndjson"
    ).json()
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    single = source_client.generic(
        "POST", "/api/v1/evidence/stays", f"\ufeff{line}", content_type="application/json"
    )
    assert single.status_code == 201


@pytest.mark.parametrize(
    "line", ['{"person":1,"person":1}', '{"a":{"b":1,"b":2}}', '{"a":NaN}', '{"a":1e400}']
)
def test_json_that_readers_do_not_agree_on_is_no_line(source_client: APIClient, line: str) -> None:
    answer = send(source_client, "stays", line).json()
    assert answer["results"][0]["problem"]["type"] == "/problems/malformed-json"
    single = source_client.generic(
        "POST", "/api/v1/evidence/stays", line, content_type="application/json"
    )
    assert (single.status_code, single.json()["type"]) == (400, "/problems/malformed-json")

"""Every member with a date or an instant refuses text that is neither.

The test finds members and parameters in the description of the interface, and inputs in the pages.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import product
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from healthcode.evidence.lines import FORMS
from tests.access.requests import BODIES, Route, address, routes
from tests.access.scene import IDENTITIES, Scene
from tests.access.test_access import table
from tests.acts import SENT_GROUND
from tests.core.spellings import NO_DATES, NO_INSTANTS

SPELLINGS: Final = (*NO_DATES, *NO_INSTANTS)
NO_TEXTS: Final = (20200217, 1.5, True, [], {}, 10**400)
FACTS: Final[dict[str, dict[str, object]]] = {
    "stays": {"area": "330106", "from": "2020-02-10", "to": "2020-02-14"},
    "contacts": {"strength": "close", "from": "2020-02-10", "to": "2020-02-11"},
    "cases": {"status": "confirmed", "confirmed_at": "2020-02-10", "recovered_at": "2020-02-24"},
    "tests": {"result": "positive", "sampled_at": "2020-02-10"},
}
LEVELS: Final = "/api/v1/areas/levels"
TYPES: Final = {"date", "time", "datetime-local"}


@dataclass(frozen=True)
class DatedMember:
    """A member of a body: its operation, and the path to the member."""

    method: str
    route: Route
    kind: str
    way: tuple[str | int, ...]


def described() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def members(schema: Any, node: Any, way: tuple[str | int, ...] = ()) -> Iterator[Any]:
    """Return the paths to all members that are dates or instants."""
    if "$ref" in node:
        node = schema["components"]["schemas"][node["$ref"].rpartition("/")[2]]
    if str(node.get("format", "")).startswith("date"):
        yield way
    for choice in (x for word in ("allOf", "anyOf", "oneOf") for x in node.get(word, ())):
        yield from members(schema, choice, way)
    for name, member in node.get("properties", {}).items():
        yield from members(schema, member, (*way, name))
    if "items" in node:
        yield from members(schema, node["items"], (*way, 0))


def dated() -> list[DatedMember]:
    """Return all dated members of the JSON calls, for evidence one entry for each kind."""
    schema = described()
    by_path = {re.sub(r"<\w+:(\w+)>", r"{\1}", route.path): route for route in routes().values()}
    found = set()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for way in members(schema, body["schema"]) if body else ():
                kinds = [k for k in FACTS if way[0] in FACTS[k]] if "{kind}" in path else [""]
                found |= {DatedMember(method, by_path[path], kind, way) for kind in kinds}
    return sorted(found, key=lambda one: (one.route.name, one.kind, str(one.way)))


def changed(body: Any, way: tuple[str | int, ...], value: object) -> Any:
    """Return a copy of a body with another value at the end of the path."""
    copy = json.loads(json.dumps(body))
    place = copy
    for step in way[:-1]:
        place = place[step]
    place[way[-1]] = value
    return copy


def who_may(name: str, method: str) -> str:
    """Return the first caller that the table allows."""
    row = table()[name, method]
    return next(who for who, cell in row.items() if cell in {"200", "201", "202", "422"})


def answer(scene: Scene, member: DatedMember, value: object) -> HttpResponse:
    name = member.route.name
    body = BODIES[name](scene)
    if member.kind:
        body = {"person": scene.world.person.pk, **FACTS[member.kind]}
    elif "stays" in body:
        body["stays"] = [{"area": "330106", "from": "2020-02-10", "to": "2020-02-14"}]
    path = address(member.route, scene)
    path = path.replace("/evidence/stays", f"/evidence/{member.kind}")
    client = scene.clients[who_may(name, member.method.upper())]
    text = json.dumps(changed(body, member.way, value))
    with transaction.atomic():
        given: HttpResponse = client.generic(
            member.method.upper(), path, text, content_type="application/json"
        )
        transaction.set_rollback(True)
    return given


def refusals(given: HttpResponse) -> list[dict[str, Any]]:
    """Return the problem documents of an answer: its own, or those of its lines."""
    told = json.loads(given.content)
    lines = [line["problem"] for line in told.get("results", ()) if "problem" in line]
    return lines or [told]


def test_every_member_refuses_what_is_no_date(scene: Scene) -> None:
    found = dated()
    assert {one.kind for one in found} == {"", *FORMS}
    assert len({one.route.name for one in found}) >= 7
    for member in found:
        for value in (*SPELLINGS, *NO_TEXTS):
            for problem in refusals(answer(scene, member, value)):
                assert problem["status"] == 422, (member, value, problem)
                pointers = [error["pointer"] for error in problem["errors"]]
                assert any(p.endswith(f"/{member.way[-1]}") for p in pointers), (member, value)


@pytest.mark.parametrize("spelling", ["2020-02-30", "2020-W07", "20200217", "0001-01-01"])
def test_every_line_of_ndjson_does(scene: Scene, spelling: str) -> None:
    for kind, fact in FACTS.items():
        dates = [name for name, value in fact.items() if str(value).startswith("2020-")]
        lines = [
            json.dumps({"person": scene.world.person.pk, **fact, name: spelling}) for name in dates
        ]
        given = scene.clients["source"].post(
            f"/api/v1/evidence/{kind}", "\n".join(lines), content_type="application/x-ndjson"
        )
        assert [problem["status"] for problem in refusals(given)] == [422] * len(dates)


def test_every_scan_of_a_batch_does(scene: Scene) -> None:
    scans = [
        {"id": str(uuid.uuid4()), "code": "JK1:NOTHING", "scanned_at": spelling}
        for spelling in (*SPELLINGS, *NO_TEXTS)
    ]
    given = scene.clients["device"].post(
        "/api/v1/scans/batch", {"scans": scans}, content_type="application/json"
    )
    assert [problem["status"] for problem in refusals(given)] == [422] * len(scans)


def test_the_map_and_its_publication_do(scene: Scene) -> None:
    schema = described()
    named = {
        (path, parameter["name"])
        for path, operations in schema["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if any(members(schema, parameter["schema"], ("",)))
    }
    assert named == {(LEVELS, "on"), (LEVELS, "effective_from")}
    # An empty parameter counts as missing.
    for value in SPELLINGS:
        told = Client().get(LEVELS, {"on": value})
        # A plus without percent-encoding arrives as a space.
        assert told.status_code == (200 if re.search(r"\d \d\d:\d\d$", value) else 422), value
        query = urlencode({"effective_from": value, **SENT_GROUND})
        told = scene.clients["officer"].put(
            f"{LEVELS}?{query}", "code,level\n330203,red", content_type="text/csv"
        )
        assert told.status_code == 422, value
        assert Client().get("/map", {"on": value}).status_code in {200, 302}, value


class Inputs(HTMLParser):
    """The date and time inputs of a page, each with the method and the address of its form."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self.form = ("get", path)
        self.path = path
        self.found: dict[tuple[str, str], set[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.form = (told.get("method") or "get", told.get("action") or self.path)
        elif tag == "input" and told.get("type") in TYPES:
            self.found.setdefault(self.form, set()).add(str(told["name"]))


def test_every_input_of_the_pages_does(scene: Scene) -> None:
    seen = set()
    for (name, method), row in table().items():
        who = next((who for who in IDENTITIES if row[who] == "200"), None)
        if method != "GET" or who is None:
            continue
        path = address(routes()[name], scene)
        page = scene.clients[who].get(path)
        if not page.headers["Content-Type"].startswith("text/html"):
            continue
        for (way, action), inputs in Inputs(page.content.decode(), path).found.items():
            seen |= inputs
            # Of numbered inputs, only the first.
            few = sorted(one for one in inputs if not re.search(r"-[1-9]\d*$", one))
            for one, value in product(few, SPELLINGS[::2]):
                filled = dict.fromkeys(inputs, "") | {one: value}
                told = getattr(scene.clients[who], way.lower())(action, filled)
                expected = {200, 302} if way.lower() == "get" else {422}
                assert told.status_code in expected, (name, one, value)
    assert {re.sub(r"-\d+$", "", one) for one in seen} == {
        *{"on", "day", "hour", "from", "to", "infectious_from", "infectious_until"}
    }

"""Officers see what sources reported beyond their grants, and confirm or reject it by an act."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import Account, Person, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act
from healthcode.colours.recompute import run
from healthcode.core.log.batches import pieces
from healthcode.evidence.bits import lines_of
from healthcode.evidence.held import erase_held, forget_held, held_export
from healthcode.evidence.models import (
    Evidence,
    Forgotten,
    ForgottenLines,
    HeldLine,
    SourceBatch,
    SourceGrant,
)
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.evidence import EvidenceReport, report_evidence
from tests.acts import GROUND, SENT_GROUND
from tests.acts.watching import ColourWatch, recorded
from tests.colours import world as colours
from tests.evidence.conftest import (
    HOME,
    World,
    client_of,
    now,
    officer_client,
    staff,
    world,
)
from tests.owner import let_days_pass

__all__ = ["client_of", "now", "officer_client", "world"]
pytestmark = pytest.mark.clock

URL = "/api/v1/held-lines"
NINGBO = "330203"


@pytest.fixture
def people(world: World) -> list[int]:
    """Return four people in Hangzhou and two in Ningbo; the source may make nobody red."""
    SourceGrant.objects.update(reddening_lines_a_day=0)
    homes = [*[HOME] * 4, *[NINGBO] * 2]
    made = Person.objects.bulk_create([Person(home_area=home) for home in homes])
    return [person.pk for person in made]


def report(source: Account, people: list[int], at: datetime, **members: Any) -> EvidenceReport:
    """Report a case of each of the people; recolour them."""
    line = {"status": "confirmed", "confirmed_at": (at - timedelta(days=1)).isoformat(), **members}
    answer = report_evidence(
        source=source,
        kind="cases",
        lines=[
            NumberedLine(n, {"person": who, "reference": f"{who}", **line})
            for n, who in enumerate(people, 1)
        ],
        at=at,
    )
    if answer.recomputation:
        run(answer.recomputation)
    return answer


def decide(client: APIClient, what: str, **body: Any) -> Any:
    """Confirm or reject lines of the only batch."""
    batch = SourceBatch.objects.latest("pk").pk
    return client.post(
        f"{URL}/{batch}/{what}", {**SENT_GROUND, **shown(client, batch), **body}, format="json"
    )


def shown(client: APIClient, batch: int) -> dict[str, str]:
    """Return the fingerprint of the lines that wait."""
    told = client.get(f"{URL}/{batch}").json()
    return {"fingerprint": told.get("fingerprint", "none waits")}


def test_the_officer_sees_what_confirming_would_do(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people, now)
    batch = SourceBatch.objects.get()
    (told,) = officer_client.get(URL).json()["batches"]
    assert (told["batch"], told["reported_by"], told["kind"], told["lines"]) == (
        batch.pk,
        "hospital",
        "cases",
        6,
    )
    shown = officer_client.get(f"{URL}/{batch.pk}").json()
    assert [line["person"] for line in shown["shown"]] == people
    assert {line["why"] for line in shown["shown"]} == {"budget"}
    assert (shown["before"], shown["after"], shown["worse"]) == (
        {"green": 6, "yellow": 0, "red": 0},
        {"green": 0, "yellow": 0, "red": 6},
        6,
    )
    assert not Evidence.objects.exists()
    assert HeldLine.objects.count() == 6


def test_held_and_confirmed_is_as_recorded_at_once(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people[:3], now)
    held = {line.person_id: line for line in HeldLine.objects.all()}
    watch = ColourWatch(people[:3])
    answer = decide(officer_client, "confirmation")
    assert answer.status_code == 201, answer.content
    assert (answer.json()["lines"], answer.json()["recorded"]) == (3, 3)
    run(answer.json()["recomputation"])
    act = Act.objects.get(pk=answer.json()["act"])
    assert act.kind == ActKind.HELD_LINES_CONFIRMED
    assert (act.account, act.ground, act.detail["lines"]) == (world.officer, GROUND.text, 3)
    assert recorded(act) == watch.effect()
    assert watch.effect().worse == 3
    SourceGrant.objects.update(reddening_lines_a_day=20)
    report(world.source, people[3:], now)
    members = ["kind", "starts", "starts_by", "ends", "area", "traits", "source"]
    alike = Counter(tuple(map(str, row)) for row in Evidence.objects.values_list(*members))
    assert list(alike.values()) == [6]
    assert set(colours.colours(people).values()) == {2}
    assert not HeldLine.objects.exists()
    digests = pieces(SourceBatch.objects.earliest("pk").digests)
    for fact in Evidence.objects.filter(person__in=people[:3]):
        line = held[fact.person_id]
        assert (fact.batch_id, fact.line, bytes(fact.salt or b"")) == (
            line.batch_id,
            line.line,
            bytes(line.salt),
        )
    assert len(digests) == 3


def test_the_acts_are_filed_where_the_people_live(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people, now)
    decide(officer_client, "confirmation")
    act = Act.objects.get(kind=ActKind.HELD_LINES_CONFIRMED)
    assert dict(act.areas.values_list("area", "people")) == {HOME: 4, NINGBO: 2}


def test_some_lines_are_confirmed_and_others_rejected_for_good(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people, now)
    assert decide(officer_client, "confirmation", lines=[1, 2]).json()["lines"] == 2
    assert decide(officer_client, "confirmation", lines=[2, 3]).status_code == 422
    assert decide(officer_client, "confirmation", lines=[]).status_code == 422
    rejected = decide(officer_client, "rejection", lines=[3, 4])
    assert rejected.status_code == 201
    act = Act.objects.get(pk=rejected.json()["act"])
    assert (act.kind, act.worse) == (ActKind.HELD_LINES_REJECTED, 0)
    assert decide(officer_client, "confirmation").json()["lines"] == 2
    assert decide(officer_client, "confirmation").status_code == 404
    assert decide(officer_client, "rejection").status_code == 404
    assert set(Evidence.objects.values_list("person", flat=True)) == {*people[:2], *people[4:]}
    SourceGrant.objects.update(reddening_lines_a_day=20)
    again = report(world.source, people, now)
    assert [(line.held, line.known) for line in again.results] == [
        *[(False, True)] * 2,
        *[(True, True)] * 2,
        *[(False, True)] * 2,
    ]
    assert Evidence.objects.count() == 4


def test_an_officer_sees_only_the_lines_of_their_area(
    client_of: Callable[[Account], APIClient], world: World, people: list[int], now: datetime
) -> None:
    ningbo = client_of(staff("ningbo", Role.OFFICER, "3302"))
    elsewhere = client_of(staff("elsewhere", Role.OFFICER, "330105"))
    report(world.source, people, now)
    batch = SourceBatch.objects.get().pk
    assert [row["lines"] for row in ningbo.get(URL).json()["batches"]] == [2]
    assert [line["person"] for line in ningbo.get(f"{URL}/{batch}").json()["shown"]] == people[4:]
    assert elsewhere.get(URL).json()["batches"] == []
    assert elsewhere.get(f"{URL}/{batch}").status_code == 403
    assert decide(elsewhere, "confirmation").status_code == 403
    assert decide(ningbo, "confirmation", lines=[1]).status_code == 422
    assert decide(ningbo, "confirmation").json()["lines"] == 2
    assert set(Evidence.objects.values_list("person", flat=True)) == set(people[4:])


def test_a_line_whose_reference_was_taken_meanwhile_has_no_effect(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people[:1], now)
    report(world.source, people[:1], now, status="suspected")
    for batch in SourceBatch.objects.order_by("pk"):
        sent = {**SENT_GROUND, **shown(officer_client, batch.pk)}
        answer = officer_client.post(f"{URL}/{batch.pk}/confirmation", sent, format="json")
        assert answer.status_code == 201
    assert answer.json()["recorded"] == 0
    assert answer.json()["recomputation"] is None
    assert Evidence.objects.get().traits == ["confirmed"]
    assert HeldLine.objects.get().rejected_by_id == answer.json()["act"]


def test_a_held_line_is_in_the_persons_file_and_goes_with_them_or_in_time(
    world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people[:2], now - timedelta(days=13))
    (told,) = held_export(people[0])
    assert (told["kind"], told["traits"], told["rejected_by_act"]) == ("case", ["confirmed"], None)
    assert "hospital" not in str(told)
    record_act(
        account=world.officer,
        role=Role.OFFICER,
        kind=ActKind.PERSON_ERASED,
        area="",
        ground=GROUND,
        detail={"person": people[0]},
        at=now,
    )
    assert erase_held(people[0], now) == 1
    assert HeldLine.objects.get().person_id == people[1]
    assert forget_held(now) == 0
    with pytest.raises(ProgrammingError, match="may not be forgotten"), transaction.atomic():
        forget_held(now + timedelta(days=2))
    let_days_pass()
    assert forget_held(now + timedelta(days=2)) == 1
    notes = Forgotten.objects.order_by("pk").values_list("cause", "facts", "concerned")
    assert list(notes) == [("erasure", 1, 1), ("retention", 1, 1)]
    noted = [lines_of(one.lines) for one in ForgottenLines.objects.order_by("pk")]
    assert noted == [[1], [2]]


@pytest.fixture
def page(world: World) -> Client:
    """Return a browser in which the province's officer has logged in."""
    browser = Client()
    browser.force_login(world.officer)
    return browser


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "待确认"), ("en", "eld lines")])
def test_the_pages_show_and_decide(
    page: Client, world: World, people: list[int], now: datetime, language: str, words: str
) -> None:
    page.cookies["language"] = language
    headers: dict[str, str] = {}
    assert words in page.get("/officer/held", headers=headers).content.decode()
    report(world.source, people, now)
    batch = SourceBatch.objects.get().pk
    assert f"/officer/held/{batch}" in page.get("/officer/held", headers=headers).content.decode()
    assert "/officer/held" in page.get("/officer", headers=headers).content.decode()
    address = f"/officer/held/{batch}"
    shown = page.get(address, headers=headers).content.decode()
    assert words in shown
    for person in people:
        assert f"<td>{person}</td>" in shown
    sent_back = {**SENT_GROUND, **seen(shown)}
    wrong = [
        {},
        {**sent_back, "decision": "confirm"},
        {**sent_back, "decision": "perhaps", "which": "all"},
        {**sent_back, "ground": "short", "decision": "confirm", "which": "all"},
    ]
    for sent in wrong:
        answer = page.post(address, sent, headers=headers)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert not Evidence.objects.exists()
    some = {**sent_back, "which": "some", "line": ["1", "2"]}
    confirmed = page.post(address, {**some, "decision": "confirm"})
    assert (confirmed.status_code, confirmed.headers["Location"].split("/")[2]) == (
        302,
        "recomputations",
    )
    rest = {**SENT_GROUND, "decision": "reject", "which": "all"}
    late = page.post(address, {**rest, **seen(shown)}, headers=headers)
    assert late.status_code == 409
    assert 'role="alert"' in late.content.decode()
    rejected = page.post(address, {**rest, **seen(late.content.decode())})
    assert (rejected.status_code, rejected.headers["Location"]) == (302, "/officer/held")
    assert page.get(address, headers=headers).status_code == 404
    assert (Evidence.objects.count(), HeldLine.objects.filter(rejected_by=None).count()) == (2, 0)


def seen(page: str) -> dict[str, str]:
    """Return the fingerprint in the form of a page."""
    found = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', page)
    assert found
    return {"fingerprint": found[1]}


def test_lines_that_another_officer_decided_meanwhile_are_not_confirmed(
    officer_client: APIClient, world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people, now)
    batch = SourceBatch.objects.get().pk
    before = shown(officer_client, batch)
    assert decide(officer_client, "rejection", lines=[3]).status_code == 201
    for what in ("confirmation", "rejection"):
        late = decide(officer_client, what, **before)
        assert (late.status_code, late.json()["type"]) == (409, "/problems/lines-changed")
    assert decide(officer_client, "confirmation", fingerprint=None).status_code == 422
    assert not Evidence.objects.exists()
    assert decide(officer_client, "confirmation").status_code == 201


def test_strangers_and_sources_do_not_see_them(
    client_of: Callable[[Account], APIClient], world: World, people: list[int], now: datetime
) -> None:
    report(world.source, people, now)
    assert client_of(world.source).get(URL).status_code == 403
    assert APIClient().get(URL).status_code == 401

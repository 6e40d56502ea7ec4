"""Scans made without network: each is recorded once, as of its time, with its own answer."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.response import Response
from rest_framework.test import APIClient

from healthcode.core import Colour
from tests.verifier.authority import Authority
from tests.verifier.test_scans import scan
from verifier.doors.scanning import EnrolledDevice, NewScan, Outcome, scan_all
from verifier.models import Device, Scan, Venue
from verifier.recognition.trust import knowledge

pytestmark = pytest.mark.clock


def offline(code: str, at: datetime, **members: object) -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "code": code, "scanned_at": at.isoformat()} | members


def send(door: APIClient, scans: object) -> Response:
    return door.post("/api/v1/scans/batch", {"scans": scans}, format="json")


def test_scans_of_yesterday(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    """They are judged as of then: codes expired since were valid. The door's verdict is kept."""
    then = now - timedelta(hours=30)
    green = offline(
        zhejiang.code(at=then), then, given_outcome="caution", given_reason="stale_data"
    )
    red = offline(zhejiang.code(at=then, colour=Colour.RED), then)
    answer = send(door, [green, red])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == (2, 0)
    assert [result["id"] for result in body["results"]] == [green["id"], red["id"]]
    assert [result["answer"]["reason"] for result in body["results"]] == ["ok", "red"]
    recorded = Scan.objects.get(id=green["id"])
    assert recorded.offline
    assert recorded.scanned_at == then
    assert (recorded.given_outcome, recorded.given_reason) == ("caution", "stale_data")
    assert (recorded.outcome, recorded.reason) == ("pass", "ok")


def test_each_scan_is_answered_by_itself(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    code = zhejiang.code(at=now)
    good = offline(code, now)
    answers = send(
        door,
        [
            good,
            offline(code, now + timedelta(hours=1)),
            {"id": "7", "code": code, "scanned_at": now.isoformat()},
            offline(code, now, who="me"),
            offline(code, now, given_outcome="pass"),
            good,
            offline(code, now) | {"id": good["id"], "code": "another"},
            {},
        ],
    ).json()
    problems = [(result["problem"] or {}).get("type") for result in answers["results"]]
    invalid = "/problems/invalid-input"
    assert problems == [
        None,
        invalid,
        invalid,
        invalid,
        invalid,
        None,
        "/problems/scan-id-reused",
        invalid,
    ]
    assert (answers["accepted"], answers["rejected"]) == (2, 6)
    assert Scan.objects.count() == 1


def test_sent_again_after_an_answer_got_lost(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    scans = [offline(zhejiang.code(at=now, idx=idx), now) for idx in range(20)]
    online = scan(door, str(scans[0]["code"]), id=scans[0]["id"]).json()
    first = send(door, scans[:12]).json()
    again = send(door, scans).json()
    assert again["results"][:12] == first["results"]
    assert first["results"][0]["answer"] == online
    assert Scan.objects.count() == 20


def test_one_statement_for_five_hundred(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    code = zhejiang.code(at=now)
    scan(door, code)
    with CaptureQueriesContext(connection) as queries:
        answer = send(door, [offline(code, now) for _ in range(500)])
    assert answer.json()["accepted"] == 500
    assert len(queries) == 1


@pytest.mark.parametrize("scans", [[], None, {}, [1], "x", [{}] * 1001])
def test_bad_batches_are_explained(door: APIClient, scans: object) -> None:
    answer = send(door, scans)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"


@pytest.mark.usefixtures("_committed")
def test_one_batch_sent_by_many_at_once(venue: Venue, now: datetime) -> None:
    """Phones repeat a batch that seemed lost: each scan is recorded once, without a deadlock."""
    device = Device.objects.create(venue=venue, label="North gate", created_at=now)
    at_door = EnrolledDevice(device=device.pk, venue=venue.pk, yellow=Outcome.CAUTION)
    scans = [NewScan(uuid.uuid4(), f"JK1:{number}", now) for number in range(200)]

    def deliver(backwards: bool) -> list[object]:
        ordered = scans[::-1] if backwards else scans
        try:
            answers = scan_all(door=at_door, scans=ordered, offline=True, at=now)
        finally:
            connection.close()
        return answers[::-1] if backwards else answers

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(deliver, [False, True] * 6))
    assert all(one == answers[0] for one in answers)
    assert Scan.objects.count() == len(scans)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deliveries=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), min_size=1, max_size=8),
        min_size=1,
        max_size=6,
    ),
)
def test_whatever_is_sent_however_often(
    venue: Venue, now: datetime, deliveries: list[list[tuple[int, int]]]
) -> None:
    """An id keeps the code that came first with it, and has exactly one row."""
    Scan.objects.all().delete()
    knowledge.forget()
    at_door = EnrolledDevice(device=1, venue=venue.pk, yellow=Outcome.CAUTION)
    first: dict[int, int] = {}
    for delivery in deliveries:
        scans = [NewScan(uuid.UUID(int=number), f"JK1:{code}", now) for number, code in delivery]
        answers = scan_all(door=at_door, scans=scans, offline=True, at=now)
        for (number, code), answer in zip(delivery, answers, strict=True):
            expected = first.setdefault(number, code)
            assert isinstance(answer, Exception) is (code != expected)
    assert {scan_id.int for scan_id in Scan.objects.values_list("id", flat=True)} == set(first)


@pytest.mark.parametrize("spelt", ["{} ", "{}\r\n", "\ufeff{}", "\u200b {}\u3000\t"])
@pytest.mark.parametrize("wrong", [[], [{"id": "7"}]])
def test_what_a_scanner_adds_is_no_part_of_the_code(
    door: APIClient, zhejiang: Authority, now: datetime, spelt: str, wrong: list[object]
) -> None:
    """Blanks are removed, whether or not the other scans of the batch are valid."""
    sent = [offline(spelt.format(zhejiang.code(at=now)), now), *wrong]
    assert send(door, sent).json()["results"][0]["answer"]["reason"] == "ok"


def test_a_text_of_no_known_scheme_is_answered_but_not_recorded(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    """It needs an answer, so that the device can delete it."""
    verdict = {"given_outcome": "refuse", "given_reason": "malformed"}
    product = offline("6901234567892", now, **verdict)
    green = offline(zhejiang.code(at=now), now)
    damaged = offline("JK1:NO CODE", now, **verdict)
    body = send(door, [product, green, damaged]).json()
    assert body["accepted"] == 3
    assert [result["answer"]["reason"] for result in body["results"]] == [
        "malformed",
        "ok",
        "malformed",
    ]
    assert {str(found.id) for found in Scan.objects.all()} == {green["id"], damaged["id"]}


def test_one_scan_twice_in_a_batch_that_is_sent_twice(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    """Both get the same answer each time, and one row is recorded.

    What the server has learnt in between changes no answer: it would refuse both codes by now.
    """
    once = offline(zhejiang.code(at=now, colour=Colour.YELLOW), now)
    other = offline(zhejiang.code(at=now, idx=9), now)
    batch = [once, other, once]
    first = send(door, batch).json()
    zhejiang.publishes(at=now + timedelta(seconds=1), superseded=range(100))
    knowledge.forget()
    assert send(door, batch).json() == first
    anew = send(door, [{**each, "id": str(uuid.uuid4())} for each in batch]).json()["results"]
    assert {result["answer"]["reason"] for result in anew} == {"superseded"}
    Scan.objects.filter(id__in=[result["id"] for result in anew]).delete()
    assert first["accepted"] == 3
    assert first["results"][0] == first["results"][2]
    assert Scan.objects.count() == 2

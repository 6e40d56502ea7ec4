"""A scan at a door: every verdict, recorded once before the answer."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY
from rest_framework.response import Response
from rest_framework.test import APIClient

from healthcode.core import Colour, Kind, Outcome
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from verifier.doors.authentication import doors
from verifier.doors.scanning import EnrolledDevice, NewScan
from verifier.doors.scanning import scan as record_scan
from verifier.models import Publication, Scan, Venue
from verifier.recognition.trust import knowledge

pytestmark = pytest.mark.clock

SCANS = "/api/v1/scans"


def scan(door: APIClient, code: str, **members: object) -> Response:
    body = json.dumps({"id": str(uuid.uuid4()), "code": code} | members)
    return door.post(SCANS, body, content_type="application/json")


def test_green_code_passes_and_is_recorded(
    door: APIClient, zhejiang: Authority, venue: Venue, now: datetime
) -> None:
    issued_at = now - timedelta(seconds=40)
    answer = scan(door, zhejiang.code(at=issued_at))
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("age_seconds") >= 40
    assert body.pop("message") == "Green code. Let them in."
    recorded = Scan.objects.get()
    assert body == {
        "id": str(recorded.id),
        "outcome": "pass",
        "reason": "ok",
        "colour": "green",
        "holder": "张*",
        "issued_at": issued_at.replace(microsecond=0).isoformat().replace("+00:00", "Z"),
    }
    assert (recorded.venue_id, recorded.offline, recorded.status_idx) == (venue.pk, False, 7)


@pytest.mark.parametrize(
    ("made", "outcome", "reason"),
    [
        ({"colour": Colour.YELLOW}, "caution", "yellow"),
        ({"colour": Colour.RED}, "refuse", "red"),
        ({"life": timedelta(minutes=5), "age": timedelta(minutes=7)}, "refuse", "expired"),
        ({"age": timedelta(minutes=-3)}, "refuse", "not_yet_valid"),
        ({"idx": 8}, "refuse", "superseded"),
        ({"idx": 8, "colour": Colour.RED}, "refuse", "superseded"),
        ({"idx": 1 << 20}, "refuse", "malformed"),
        ({"kind": Kind.PAPER, "age": timedelta(days=3), "life": timedelta(days=14)}, "pass", "ok"),
    ],
)
def test_verdicts_on_genuine_codes(
    door: APIClient,
    zhejiang: Authority,
    now: datetime,
    made: dict[str, object],
    outcome: str,
    reason: str,
) -> None:
    zhejiang.publishes(at=now, superseded=[8])
    age = made.pop("age", timedelta())
    answer = scan(door, zhejiang.code(at=now - age, **made)).json()
    assert (answer["outcome"], answer["reason"]) == (outcome, reason)
    assert answer["message"]


def test_yellow_is_refused_where_the_venue_says_so(
    door: APIClient, zhejiang: Authority, venue: Venue, now: datetime
) -> None:
    Venue.objects.filter(pk=venue.pk).update(yellow="refuse")
    answer = scan(door, zhejiang.code(at=now, colour=Colour.YELLOW)).json()
    assert (answer["outcome"], answer["reason"]) == ("refuse", "not_admitted_here")


def test_issuer_nobody_trusts(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    answer = scan(door, Authority(name="CN-99").code(at=now)).json()
    assert (answer["outcome"], answer["reason"]) == ("refuse", "unknown_issuer")
    assert answer["holder"] is None


def test_key_the_issuer_never_published(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    answer = scan(door, Authority().code(at=now)).json()
    assert (answer["outcome"], answer["reason"]) == ("refuse", "unknown_key")


def test_signature_of_another_code(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    stranger = Authority()
    forged = zhejiang.code(at=now)
    zhejiang_kid = zhejiang.key.kid
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zhejiang, "private_key", stranger.private_key)
        patch.setattr(type(zhejiang), "key", property(lambda _: _KeyNamed(zhejiang_kid)))
        forged = zhejiang.code(at=now)
    answer = scan(door, forged).json()
    assert (answer["outcome"], answer["reason"]) == ("refuse", "bad_signature")
    assert answer["colour"] is None


class _KeyNamed:
    def __init__(self, kid: bytes) -> None:
        self.kid = kid


def test_green_on_old_knowledge_is_caution_and_red_stays_red(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    Publication.objects.all().delete()
    zhejiang.is_trusted(at=now)
    zhejiang.publishes(at=now - timedelta(hours=3))
    green = scan(door, zhejiang.code(at=now)).json()
    assert (green["outcome"], green["reason"]) == ("caution", "stale_data")
    red = scan(door, zhejiang.code(at=now, colour=Colour.RED)).json()
    assert (red["outcome"], red["reason"]) == ("refuse", "red")


@pytest.mark.parametrize(
    ("text", "says", "recorded"),
    [
        ("https://example.org/menu", "web address", 0),
        ("HC1:6BFOXN*TS0BI$ZD", "EU Digital COVID Certificate", 1),
        ("6901234567892", "not a health code", 0),
        ("JK9:6BFOXN*TS0BI$ZD", "not a health code", 0),
        ("JK1:", "not a health code", 1),
        ("JK1:///", "not a health code", 1),
        ("JK2:6BFOXN*TS0BI$ZD", "not a health code", 1),
        ("你好", "not a health code", 0),
        ("\x00\x01", "not a health code", 0),
        ("JK1:" + "A" * 50_000, "not a health code", 1),
    ],
)
def test_what_is_no_code_of_ours(
    door: APIClient, zhejiang: Authority, text: str, says: str, recorded: int
) -> None:
    """A poster or a product gets an answer but no record, because it refuses nobody."""
    before = counted()
    answer = scan(door, text)
    assert answer.status_code == 200
    assert (answer.json()["outcome"], answer.json()["reason"]) == ("refuse", "malformed")
    assert says in answer.json()["message"]
    assert Scan.objects.count() == recorded
    assert counted() - before == recorded


def counted() -> float:
    """Return how many malformed codes the metrics count."""
    labels = {"outcome": "refuse", "reason": "malformed", "offline": "false"}
    return REGISTRY.get_sample_value("healthcode_scans_total", labels) or 0


def test_sentences_are_chinese_first(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    door.credentials(**door._credentials, HTTP_ACCEPT_LANGUAGE="zh-CN")
    code = zhejiang.code(at=now)
    answer = door.post(SCANS, {"id": str(uuid.uuid4()), "code": code}, format="json")
    assert answer.json()["message"] == "绿码，可以放行。"


def test_repeating_an_id_returns_the_first_answer(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    scan_id = str(uuid.uuid4())
    code = zhejiang.code(at=now)
    first = scan(door, code, id=scan_id)
    zhejiang.publishes(at=now + timedelta(seconds=1), superseded=[7])
    knowledge.forget()
    again = scan(door, code, id=scan_id)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Scan.objects.count() == 1
    assert scan(door, code).json()["reason"] == "superseded"


def test_repeating_an_id_after_midnight(door: APIClient, clock_at: ClockAt) -> None:
    late = datetime.fromisoformat("2020-02-09T23:59:58+08:00")
    zhejiang = Authority()
    scan_id = str(uuid.uuid4())
    with clock_at(late):
        zhejiang.is_trusted(at=late)
        zhejiang.publishes(at=late)
        code = zhejiang.code(at=late)
        first = scan(door, code, id=scan_id).json()
    with clock_at(late + timedelta(seconds=5)):
        again = scan(door, code, id=scan_id).json()
        with_its_time = scan(door, code, id=scan_id, scanned_at=late.isoformat()).json()
    assert again == with_its_time == first
    assert first["outcome"] == "pass"
    assert [str(day) for day in Scan.objects.values_list("day", flat=True)] == ["2020-02-09"]


@pytest.mark.parametrize(
    ("first_at", "again_at"),
    [
        ("2020-02-09T23:00:00+08:00", "2020-02-10T05:59:00+08:00"),
        ("2020-02-10T06:00:01+08:00", "2020-02-10T23:57:00+08:00"),
        ("2020-02-10T00:10:00+08:00", "2020-02-10T12:00:00+08:00"),
    ],
)
def test_repeating_an_id_hours_later_and_without_its_time(
    door: APIClient, clock_at: ClockAt, first_at: str, again_at: str
) -> None:
    zhejiang = Authority()
    first, again = map(datetime.fromisoformat, (first_at, again_at))
    zhejiang.is_trusted(at=first)
    zhejiang.publishes(at=first)
    scan_id, code = str(uuid.uuid4()), zhejiang.code(at=first)
    with clock_at(first):
        answer = scan(door, code, id=scan_id).json()
    with clock_at(again):
        assert scan(door, code, id=scan_id).json() == answer
    assert answer["outcome"] == "pass"
    assert Scan.objects.count() == 1


@pytest.mark.parametrize("hour", [3, 12])
def test_a_scan_that_came_offline_first_and_again_as_if_new(
    door: APIClient, clock_at: ClockAt, hour: int
) -> None:
    at = datetime.fromisoformat(f"2020-02-10T{hour:02}:00:00+08:00")
    zhejiang = Authority()
    zhejiang.is_trusted(at=at)
    zhejiang.publishes(at=at)
    scan_id, code = str(uuid.uuid4()), zhejiang.code(at=at)
    with clock_at(at):
        offline = {"id": scan_id, "code": code, "scanned_at": at.isoformat()}
        sent = door.post(SCANS + "/batch", {"scans": [offline]}, format="json").json()
    with clock_at(at + timedelta(seconds=30)):
        assert scan(door, code, id=scan_id).json() == sent["results"][0]["answer"]
    assert Scan.objects.count() == 1


def test_an_id_belongs_to_one_code(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    scan_id = str(uuid.uuid4())
    scan(door, zhejiang.code(at=now), id=scan_id)
    answer = scan(door, zhejiang.code(at=now, holder="李*"), id=scan_id)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/scan-id-reused"


def test_one_write_and_no_read_in_the_steady_state(
    door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    scan(door, zhejiang.code(at=now))
    knowledge._next_look += 3600
    for device in doors._doors:
        expires, held = doors._doors[device]
        doors._doors[device] = (expires + 3600, held)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        scan(door, zhejiang.code(at=now))
    assert len(queries) == 1
    assert "INSERT INTO verifier_scan" in queries[0]["sql"]


@pytest.mark.parametrize(
    "scanned_at", [timedelta(minutes=5), timedelta(days=-8), timedelta(days=-20_000)]
)
def test_impossible_times_are_refused(
    door: APIClient, zhejiang: Authority, now: datetime, scanned_at: timedelta
) -> None:
    answer = scan(door, zhejiang.code(at=now), scanned_at=(now + scanned_at).isoformat())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/scanned_at"
    assert not Scan.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"id": "7", "code": "JK1:"},
        {"id": 7, "code": "JK1:"},
        {"id": str(uuid.uuid4()), "code": 7},
        {"id": str(uuid.uuid4()), "code": ""},
        {"id": str(uuid.uuid4()), "code": None},
        {"id": str(uuid.uuid4()), "code": "JK1:\ud800"},
        {"id": str(uuid.uuid4()), "code": "JK1:", "scanned_at": "yesterday"},
        {"id": str(uuid.uuid4()), "code": "JK1:", "scanned_at": "9999-12-31T23:59:59-14:00"},
        {"id": str(uuid.uuid4()), "code": "JK1:", "who": "me"},
    ],
)
def test_bad_input_is_explained(door: APIClient, body: object) -> None:
    answer = door.post(SCANS, json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-input"
    assert not Scan.objects.exists()


def test_a_megabyte_is_too_large(door: APIClient) -> None:
    assert scan(door, "A" * 1_000_000).status_code == 413


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic eDp5", "Bearer \xff"])
def test_only_enrolled_devices_scan(zhejiang: Authority, now: datetime, header: str | None) -> None:
    stranger = APIClient()
    if header is not None:
        stranger.credentials(HTTP_AUTHORIZATION=header)
    answer = scan(stranger, zhejiang.code(at=now))
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-authenticated"


@pytest.mark.usefixtures("_committed")
def test_one_scan_sent_by_many_at_once(venue: Venue, now: datetime) -> None:
    """Repeated taps make one row, and all get the same answer."""
    at_door = EnrolledDevice(device=1, venue=venue.pk, yellow=Outcome.CAUTION)
    new = NewScan(uuid.uuid4(), "JK1:NO CODE")

    def send(number: int) -> object:
        try:
            return record_scan(door=at_door, new=new, at=now + timedelta(milliseconds=number))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(32)))
    assert all(answer == answers[0] for answer in answers)
    assert Scan.objects.count() == 1


@pytest.mark.parametrize("spelt", ["{} ", "{}\r\n", "\ufeff{}", "\u200b {}\u3000\t"])
def test_what_a_scanner_adds_is_no_part_of_the_code(
    door: APIClient, zhejiang: Authority, now: datetime, spelt: str
) -> None:
    """The same id with and without blanks around the code is the same scan."""
    code, name = zhejiang.code(at=now), str(uuid.uuid4())
    answers = [scan(door, text, id=name).json() for text in (spelt.format(code), code)]
    assert [answer["reason"] for answer in answers] == ["ok", "ok"]
    assert Scan.objects.count() == 1

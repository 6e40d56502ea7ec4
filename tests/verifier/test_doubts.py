"""Venues are told of codes that may be copies, but not whose codes they are."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Account, Grant, Role
from healthcode.areas.models import Area
from healthcode.core import Kind, Outcome
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.test_bundles import fetch
from tests.verifier.test_pages import text_of
from verifier.doors import doubts
from verifier.doors.scanning import EnrolledDevice, NewScan, scan, scan_all
from verifier.models import Doubt, Scan, Venue
from verifier.tasks import doubts as task

pytestmark = [pytest.mark.clock, pytest.mark.django_db]


@pytest.fixture
def gate(venue: Venue) -> EnrolledDevice:
    return door_at(venue)


@pytest.fixture
def ningbo(manager: Account) -> EnrolledDevice:
    """A door in another city."""
    Area.objects.get_or_create(code="330203", name="海曙区")
    Grant.objects.create(account=manager, role=Role.VENUE_MANAGER, area="3302")
    return door_at(Venue.objects.create(name="天一广场", area="330203", manager=manager))


@pytest.fixture
def next_door(manager: Account) -> EnrolledDevice:
    """A door in another county of the same city."""
    Area.objects.get_or_create(code="330102", name="上城区")
    return door_at(Venue.objects.create(name="吴山广场", area="330102", manager=manager))


def door_at(venue: Venue) -> EnrolledDevice:
    return EnrolledDevice(device=venue.pk, venue=venue.pk, yellow=Outcome.CAUTION)


def show(door: EnrolledDevice, code: str, at: datetime) -> None:
    scan(door=door, new=NewScan(uuid.uuid4(), code), at=at)


def found() -> list[tuple[int, str, int]]:
    return sorted(Doubt.objects.values_list("venue", "kind", "scans"))


def test_one_picture_in_two_cities(
    gate: EnrolledDevice, ningbo: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    """Both venues are told, each with its own tag for the holder."""
    code = zhejiang.code(at=now)
    show(gate, code, now)
    show(ningbo, code, now + timedelta(minutes=2))
    assert doubts.look(at=now + timedelta(minutes=3)) == 2
    assert found() == [(gate.venue, "elsewhere", 1), (ningbo.venue, "elsewhere", 1)]
    assert len(set(Doubt.objects.values_list("tag", flat=True))) == 2


def test_the_first_scan_may_have_been_looked_at_before(
    gate: EnrolledDevice, ningbo: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    code = zhejiang.code(at=now)
    show(gate, code, now)
    assert doubts.look(at=now + timedelta(minutes=2)) == 0
    show(ningbo, code, now + timedelta(minutes=4))
    assert doubts.look(at=now + timedelta(minutes=4)) == 2


def test_a_walk_to_the_next_county_is_no_doubt(
    gate: EnrolledDevice, next_door: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    code = zhejiang.code(at=now)
    show(gate, code, now)
    show(next_door, code, now + timedelta(minutes=4))
    assert doubts.look(at=now + timedelta(minutes=5)) == 0


def test_many_times_at_one_venue(gate: EnrolledDevice, zhejiang: Authority, now: datetime) -> None:
    code, often = zhejiang.code(at=now, idx=1), zhejiang.code(at=now, idx=2)
    for second in range(doubts.MOST_AT_ONE_VENUE):
        show(gate, code, now + timedelta(seconds=second))
    for second in range(doubts.MOST_AT_ONE_VENUE + 1):
        show(gate, often, now + timedelta(seconds=second))
    doubts.look(at=now + timedelta(minutes=1))
    assert found() == [(gate.venue, "often", doubts.MOST_AT_ONE_VENUE + 1)]
    show(gate, often, now + timedelta(seconds=70))
    doubts.look(at=now + timedelta(minutes=2))
    assert found() == [(gate.venue, "often", doubts.MOST_AT_ONE_VENUE + 2)]


@pytest.mark.parametrize(
    "made",
    [
        {"kind": Kind.PAPER, "life": timedelta(days=14)},
        {"life": timedelta(seconds=30)},
    ],
    ids=["a card is shown all day", "an expired picture was refused"],
)
def test_paper_and_expired_codes_raise_no_doubt(
    gate: EnrolledDevice,
    ningbo: EnrolledDevice,
    zhejiang: Authority,
    now: datetime,
    made: dict[str, object],
) -> None:
    code = zhejiang.code(at=now, **made)
    show(gate, code, now)
    show(ningbo, code, now + timedelta(minutes=4))
    assert doubts.look(at=now + timedelta(minutes=5)) == 0


def test_different_codes_of_the_same_time_raise_no_doubt(
    gate: EnrolledDevice, ningbo: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    """Codes of two people from the same second, and one person's next code, raise no doubt."""
    show(gate, zhejiang.code(at=now, idx=1), now)
    show(ningbo, zhejiang.code(at=now, idx=2), now)
    show(ningbo, zhejiang.code(at=now + timedelta(minutes=2), idx=1), now + timedelta(minutes=2))
    assert doubts.look(at=now + timedelta(minutes=3)) == 0


def test_scans_that_are_sent_later_count(
    gate: EnrolledDevice, ningbo: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    then = now - timedelta(hours=20)
    code = zhejiang.code(at=then)
    show(gate, code, then)
    doubts.look(at=now - timedelta(minutes=1))
    scan_all(door=ningbo, scans=[NewScan(uuid.uuid4(), code, then)], offline=True, at=now)
    assert doubts.look(at=now) == 2
    assert len(set(Doubt.objects.values_list("day", flat=True))) == 1


def test_tags_join_neither_venues_nor_days() -> None:
    tags = {
        doubts.tag_of(venue=venue, day=day, status_uri="https://hz.example/s/1", status_idx=7)
        for venue in (1, 2)
        for day in ("2020-02-09", "2020-02-10")
    }
    assert len(tags) == 4


def test_the_venue_is_not_told_who_it_is(
    gate: EnrolledDevice,
    ningbo: EnrolledDevice,
    zhejiang: Authority,
    manager: Account,
    now: datetime,
    clock_at: ClockAt,
) -> None:
    code = zhejiang.code(at=now)
    for door in (gate, *[ningbo] * 6):
        show(door, code, now)
    with clock_at(now):
        task.apply().get()
        page = Client(headers={"Accept-Language": "en"})
        page.cookies["language"] = "en"
        page.force_login(manager)
        told = text_of(page.get(f"/venues/{ningbo.venue}"))
    assert "in another city" in told
    assert "scanned 6 times" in told
    scanned = Scan.objects.first()
    assert scanned is not None
    assert "张" not in told
    assert str(scanned.status_uri) not in told


def test_the_doors_are_told_when_and_where_but_not_who(
    gate: EnrolledDevice, venue: Venue, door: APIClient, zhejiang: Authority, now: datetime
) -> None:
    """They are told in the bundle that every door fetches, for ten minutes."""
    code = zhejiang.code(at=now)
    devices = list(venue.devices.values_list("pk", flat=True))
    at_gate = EnrolledDevice(device=devices[0], venue=venue.pk, yellow=Outcome.CAUTION)
    for second in range(6):
        show(at_gate, code, now + timedelta(seconds=second))
    assert fetch(door)["doubts"] == []
    doubts.look(at=now + timedelta(seconds=15))
    last_at = int((now + timedelta(seconds=5)).timestamp())
    assert fetch(door)["doubts"] == [
        {"kind": "often", "scans": 6, "last_at": last_at, "doors": ["North gate"]}
    ]
    assert doubts.at_doors(venue.pk, at=now + timedelta(minutes=11)) == []
    assert doubts.at_doors(venue.pk + 1, at=now + timedelta(seconds=15)) == []


def test_a_door_is_told_little_at_a_time(
    gate: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    for idx in range(doubts.MOST_TOLD_AT_DOORS + 1):
        for _ in range(6):
            show(gate, zhejiang.code(at=now, idx=idx), now + timedelta(seconds=idx))
    doubts.look(at=now + timedelta(seconds=15))
    told = doubts.at_doors(gate.venue, at=now + timedelta(seconds=15))
    assert len(told) == doubts.MOST_TOLD_AT_DOORS
    assert told[0].last_at == now + timedelta(seconds=doubts.MOST_TOLD_AT_DOORS)


def test_looking_is_two_statements_however_much_there_is(
    gate: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    doubts.look(at=now)
    for idx in range(40):
        show(gate, zhejiang.code(at=now, idx=idx), now + timedelta(seconds=1))
    with CaptureQueriesContext(connection) as queries:
        doubts.look(at=now + timedelta(seconds=15))
    reads = [query["sql"] for query in queries if "WITH fresh" in query["sql"]]
    assert len(reads) == 1
    assert len(queries) < 12


def test_doubts_go_with_their_scans(
    gate: EnrolledDevice, ningbo: EnrolledDevice, zhejiang: Authority, now: datetime
) -> None:
    code = zhejiang.code(at=now)
    show(gate, code, now)
    show(ningbo, code, now)
    doubts.look(at=now)
    doubts.forget(at=now + timedelta(days=20))
    assert Doubt.objects.count() == 2
    doubts.forget(at=now + timedelta(days=40))
    assert not Doubt.objects.exists()

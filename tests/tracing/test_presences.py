"""Sources report where people were; sending the same again stores nothing new."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from healthcode.acts.models import LogLeaf
from healthcode.core.log.batches import root_of
from healthcode.core.log.leaves import canonical, decode_leaf, record_digest
from healthcode.evidence.batches import batch_record
from healthcode.evidence.models import SourceBatch
from healthcode.tracing import partitions
from healthcode.tracing.kinds import PlaceKind, Strength
from healthcode.tracing.models import Membership, Place, Presence
from healthcode.tracing.selectors import chain_of
from healthcode.web.days import start_of_day
from tests.colours import world
from tests.colours.world import shanghai
from tests.evidence.conftest import reporting
from tests.officers.inquiries.test_inquiries import client_of
from tests.owner import let_days_pass
from tests.tracing.conftest import NOW, Town

pytestmark = pytest.mark.clock

URL = "/api/v1/presences"


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def source(db: None) -> APIClient:
    """Return an HTTP client of the railway, a source."""
    return client_of(reporting("railway"))


def line(person: int, **members: Any) -> dict[str, Any]:
    return {
        "person": person,
        "kind": "train",
        "place": "G7349 2020-03-03",
        "name": "G7349",
        "from": "2020-03-03T20:00:00+08:00",
        "to": "2020-03-03T22:00:00+08:00",
        "sure": True,
        "carriage": 5,
        "row": 8,
    } | members


def send(source: APIClient, *lines: dict[str, Any]) -> Any:
    return source.post(URL, {"presences": lines}, format="json")


def test_a_report_is_a_leaf_with_one_digest_of_its_lines(town: Town, source: APIClient) -> None:
    (person,) = world.people(1)
    assert send(source, line(person), line(person, place="G7351", sure=False)).status_code == 201
    report = SourceBatch.objects.get(kind="presences")
    said = [
        {
            "area": "",
            "carriage": 5,
            "ends": "2020-03-03T14:00:00.000000+00:00",
            "kind": "train",
            "name": "G7349",
            "person": person,
            "place": place,
            "row": 8,
            "starts": "2020-03-03T12:00:00.000000+00:00",
            "sure": sure,
        }
        for place, sure in (("G7349 2020-03-03", True), ("G7351", False))
    ]
    salt = bytes(report.salt or b"")
    assert bytes(report.digests).hex() == record_digest(salt, canonical(said))
    assert (report.recorded, bytes(report.lines)) == (2, b"")
    leaf = decode_leaf(bytes(LogLeaf.objects.get(kind="presences-reported").entry))
    of_itself = hashlib.sha256(salt + batch_record(report)).digest()
    root = root_of([bytes(report.digests), of_itself])
    assert (leaf.number, leaf.people, leaf.digest) == (report.pk, "1-9", root.hex())


def test_what_is_reported_is_traced(town: Town, source: APIClient) -> None:
    beside, child, opposite = world.people(3)
    # The same instants, as a carrier in another time zone writes them.
    elsewhere = {"from": "2020-03-03T12:00:00Z", "to": "2020-03-03T09:00:00-05:00"}
    seats = {"carriage": None, "row": None, "sure": False}
    home = {"kind": "household", "place": "home 7", "name": "", "to": None} | seats

    answer = send(
        source,
        line(town.case),
        line(beside, row=9, **elsewhere),
        line(town.case, **home),
        line(child, **home),
        line(opposite, carriage=6),
    )

    assert (answer.status_code, answer.json()) == (201, {"accepted": 5})
    found = {met.person: met for met in chain_of(town.inquire()).contacts}
    assert found[beside].strength is Strength.CLOSE
    assert (found[beside].starts, found[beside].name) == (shanghai(3, 3, 20), "G7349")
    assert found[child].strength is Strength.CLOSE
    assert opposite not in found


def test_sending_again_stores_only_an_end_that_has_become_known(
    source: APIClient, db: None
) -> None:
    (person,) = world.people(1)
    at_home = line(person, kind="household", place="home", to=None, carriage=None, row=None)
    for _ in range(2):
        assert send(source, line(person), line(person), at_home).status_code == 201

    assert send(source, at_home | {"to": "2020-03-05"}).status_code == 201

    assert (Place.objects.count(), Presence.objects.count()) == (2, 1)
    assert Membership.objects.get().ends == shanghai(3, 6)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"person": 10**9}, "/presences/1/person"),
        ({"kind": "boat"}, "/presences/1/kind"),
        ({"row": "8"}, "/presences/1/row"),
        ({"row": True}, "/presences/1/row"),
        ({"to": "2020-03-01"}, "/presences/1/to"),
        ({"from": "2020-03-09", "to": None}, "/presences/1/from"),
        ({"area": "999999"}, None),
        ({"seat": 3}, "/presences/1/seat"),
    ],
)
def test_one_wrong_line_stores_none(
    source: APIClient, change: dict[str, Any], pointer: str | None
) -> None:
    (person,) = world.people(1)

    answer = send(source, line(person), line(person) | change)

    assert answer.status_code == 422
    assert pointer is None or answer.json()["errors"][0]["pointer"] == pointer
    assert not Presence.objects.exists()
    assert not Place.objects.exists()


DAYS = {"from": "2020-03-03", "to": "2020-03-04", "carriage": None, "row": None}


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        pytest.param("restaurant", {"to": "2020-03-03"}, None, id="minutes count there"),
        pytest.param("bus", {"to": "2020-03-03"}, None, id="and on a bus"),
        pytest.param("flight", {}, None, id="two days on a flight of one"),
        pytest.param("train", {"to": None}, None, id="not seen to leave, from no hour on"),
        pytest.param("train", {}, (3, 5), id="two days on a train"),
        pytest.param("hospital", {"to": "2020-03-03"}, (3, 4), id="a day in hospital"),
    ],
)
def test_a_presence_by_day_is_kept_whole_or_refused(
    source: APIClient, kind: str, given: dict[str, Any], stored: tuple[int, int] | None
) -> None:
    (person,) = world.people(1)

    answer = send(source, line(person, kind=kind) | DAYS | given)

    if stored is None:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/presences/0/from"
        assert not Presence.objects.exists()
    else:
        assert answer.status_code == 201
        first, last = stored
        presence = Presence.objects.get()
        assert (presence.starts, presence.ends) == (shanghai(3, first), shanghai(3, last))


def test_only_sources_report(town: Town) -> None:
    assert send(client_of(town.officer), line(town.case)).status_code == 403


def test_a_presence_lies_in_the_day_of_shanghai_on_which_it_began(source: APIClient) -> None:
    (person,) = world.people(1)
    send(source, line(person, **{"from": "2020-03-02T16:00:00Z", "to": "2020-03-02T18:00:00Z"}))

    presence = Presence.objects.get()
    assert presence.day == shanghai(3, 3).date()
    assert presence.starts == datetime(2020, 3, 2, 16, tzinfo=UTC)


def kept(place: Place, person: int, at: datetime, day: date) -> str:
    """Store a presence at this instant; return the partition that has it."""
    Presence.objects.create(
        place=place, person_id=person, day=day, starts=at, ends=at + timedelta(hours=1), sure=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM tracing_presence WHERE starts = %s", [at]
        )
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("first", [date(2027, 12, 30), date(2028, 2, 27)])
def test_around_the_end_of_a_year_and_a_leap_day_no_day_lacks_its_partition(
    settings: Settings, first: date
) -> None:
    """At any hour of maintenance, also while the date in UTC is another than in Shanghai."""
    let_days_pass()
    settings.SCAN_RETENTION_DAYS = 5
    (person,) = world.people(1)
    place = Place.objects.create(kind=PlaceKind.TRAIN, name="G7349")
    for day in (first + timedelta(days=n) for n in range(4)):
        midnight = start_of_day(day)
        for passed in (timedelta(minutes=30), timedelta(hours=12), timedelta(hours=23, minutes=58)):
            partitions.maintain(at=midnight + passed)
            days = sorted(partitions.partitioned_days())
            assert days == [day + timedelta(days=n) for n in range(-5, 4)]
        own = f"tracing_presence_{day:%Y%m%d}"
        for moment in (midnight, midnight + timedelta(days=1, microseconds=-1)):
            assert kept(place, person, moment, day) == own

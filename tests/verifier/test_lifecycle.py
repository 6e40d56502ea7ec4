"""Venues are renamed, closed and opened again, and their doors are told."""

import json
from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import Account
from healthcode.acts.models import Act
from healthcode.core import Outcome
from healthcode.web.errors import InvalidInput, NotFound
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.hands import as_administrator, as_manager
from tests.verifier.test_bundles import fetch
from tests.verifier.test_enrolment import ask
from tests.verifier.test_scans import scan
from verifier.doors.authentication import doors
from verifier.errors import VenueIsClosed, VenueIsOpen
from verifier.models import Device, Scan, Venue
from verifier.venues import lifecycle
from verifier.venues.services import add_device, admit_yellow, create_venue


def test_a_closed_venue_tells_its_doors(
    door: APIClient, venue: Venue, manager: Account, zhejiang: Authority, now: datetime
) -> None:
    assert scan(door, zhejiang.code(at=now)).status_code == 200
    unused = add_device(venue=venue, label="South gate", at=now).code
    lifecycle.close(by=as_manager(manager), venue_id=venue.pk, at=now)
    doors.forget()
    for answer in (
        scan(door, zhejiang.code(at=now)),
        door.post("/api/v1/scans/batch", {"scans": []}, format="json"),
        door.get("/api/v1/devices/bundle"),
    ):
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("This venue is closed")
    assert ask(unused).status_code == 422
    assert Scan.objects.count() == 1
    act = Act.objects.get()
    assert (act.kind, act.detail) == ("venue-closed", {"venue": venue.pk, "devices": 2})


def test_a_closed_venue_takes_no_work_and_is_closed_once(
    venue: Venue, manager: Account, now: datetime
) -> None:
    by = as_manager(manager)
    lifecycle.close(by=by, venue_id=venue.pk, at=now)
    with pytest.raises(VenueIsClosed):
        lifecycle.close(by=by, venue_id=venue.pk, at=now)
    with pytest.raises(VenueIsClosed):
        lifecycle.rename(by=by, venue_id=venue.pk, name="新站", at=now)
    with pytest.raises(VenueIsClosed):
        add_device(venue=venue, label="Gate", at=now)
    with pytest.raises(VenueIsClosed):
        admit_yellow(venue=venue, yellow=Outcome.REFUSE)
    assert Act.objects.count() == 1


def test_after_reopening_each_device_is_enrolled_anew(
    door: APIClient, venue: Venue, manager: Account, zhejiang: Authority, now: datetime
) -> None:
    by = as_manager(manager)
    with pytest.raises(VenueIsOpen):
        lifecycle.reopen(by=by, venue_id=venue.pk, at=now)
    lifecycle.close(by=as_administrator(), venue_id=venue.pk, at=now)
    lifecycle.reopen(by=by, venue_id=venue.pk, at=now)
    refused = scan(door, zhejiang.code(at=now))
    assert refused.status_code == 401
    assert "new code" in refused.json()["detail"]
    code = add_device(venue=venue, label="North gate", at=now).code
    door.credentials(HTTP_AUTHORIZATION=f"Bearer {ask(code).json()['token']}")
    assert scan(door, zhejiang.code(at=now)).status_code == 200
    kinds = Act.objects.order_by("pk").values_list("kind", "role")
    assert list(kinds) == [
        ("venue-closed", "administrator"),
        ("venue-reopened", "venue_manager"),
    ]


def test_the_doors_learn_the_new_name(
    door: APIClient, venue: Venue, manager: Account, zhejiang: Authority, now: datetime
) -> None:
    lifecycle.rename(by=as_manager(manager), venue_id=venue.pk, name=" 湖滨站\u200b ", at=now)
    assert fetch(door)["venue_name"] == "湖滨站"
    act = Act.objects.get()
    assert act.kind == "venue-renamed"
    assert act.detail == {"venue": venue.pk, "before": "湖滨地铁站", "after": "湖滨站"}


@pytest.mark.parametrize("name", ["", "  ", "A" * 129, "a\x00b", "a\u202eb", "湖滨地铁站"])
def test_what_is_no_new_name_changes_nothing(
    venue: Venue, manager: Account, now: datetime, name: str
) -> None:
    with pytest.raises(InvalidInput):
        lifecycle.rename(by=as_manager(manager), venue_id=venue.pk, name=name, at=now)
    venue.refresh_from_db()
    assert venue.name == "湖滨地铁站"
    assert not Act.objects.exists()


def test_an_administrator_blocks_a_device_of_this_venue_once(
    door: APIClient, venue: Venue, manager: Account, zhejiang: Authority, now: datetime
) -> None:
    device, by = Device.objects.get(), as_administrator("330106")
    other = create_venue(manager=manager, name="城站", area="330106", at=now)
    with pytest.raises(NotFound):
        lifecycle.block_device(by=by, venue_id=other.pk, device_id=device.pk, at=now)
    lifecycle.block_device(by=by, venue_id=venue.pk, device_id=device.pk, at=now)
    with pytest.raises(NotFound):
        lifecycle.block_device(by=by, venue_id=venue.pk, device_id=device.pk, at=now)
    doors.forget()
    assert scan(door, zhejiang.code(at=now)).status_code == 401
    act = Act.objects.get()
    assert (act.kind, act.detail) == (
        "device-blocked",
        {"venue": venue.pk, "device": device.pk},
    )


def test_a_device_is_seen_to_the_hour(
    door: APIClient, zhejiang: Authority, now: datetime, clock_at: ClockAt
) -> None:
    seen = []
    for minutes in (0, 59, 61, 119, 200):
        at = now + timedelta(minutes=minutes)
        with clock_at(at):
            door.get("/api/v1/devices/bundle")
        last = Device.objects.get().last_seen_at
        assert last is not None
        seen.append((last - now) / timedelta(minutes=1))
    assert seen == [0, 0, 61, 61, 200]


def test_a_device_that_leaves_is_over(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    assert door.delete("/api/v1/devices/token").status_code == 204
    doors.forget()
    answer = scan(door, zhejiang.code(at=now))
    assert (answer.status_code, json.loads(answer.content)["status"]) == (401, 401)
    assert Device.objects.get().revoked_at is None

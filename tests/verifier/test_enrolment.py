"""A device is enrolled with a code that works once, expires, and cannot be guessed."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.response import Response
from rest_framework.test import APIClient

from accounts.models import Account
from healthcode.core import Outcome
from healthcode.web.errors import Forbidden, InvalidInput
from tests.verifier.authority import Authority
from tests.verifier.conftest import ClockAt
from tests.verifier.test_scans import scan
from verifier.doors.authentication import doors
from verifier.doors.enrolment import enrol
from verifier.errors import EnrolmentCodeNotValid
from verifier.models import Device, Venue
from verifier.venues.services import add_device, admit_yellow, create_venue, revoke


def ask(code: object, *, sender: str = "192.0.2.7") -> Response:
    client = APIClient(REMOTE_ADDR=sender)
    body = json.dumps({"enrolment_code": code})
    return client.post("/api/v1/devices/enrol", body, content_type="application/json")


def test_code_gives_a_token_once(venue: Venue, now: datetime) -> None:
    enrolment = add_device(venue=venue, label="North gate", at=now)
    answer = ask(enrolment.code)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        "token": answer.json()["token"],
        "device": enrolment.device.pk,
        "venue": venue.pk,
        "venue_name": "湖滨地铁站",
    }
    again = ask(enrolment.code)
    assert (again.status_code, again.json()["type"]) == (422, "/problems/enrolment-code-not-valid")


def test_token_and_code_are_kept_hashed(venue: Venue, now: datetime) -> None:
    enrolment = add_device(venue=venue, label="North gate", at=now)
    waiting = str(Device.objects.values_list().get(pk=enrolment.device.pk))
    token = ask(enrolment.code).json()["token"]
    enrolled = str(Device.objects.values_list().get(pk=enrolment.device.pk))
    assert enrolment.code not in waiting
    assert token not in enrolled


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1}", "{2}", "{3}"])
def test_code_may_be_typed_as_people_type(venue: Venue, now: datetime, typed: str) -> None:
    code = add_device(venue=venue, label="North gate", at=now).code
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code if letter != "-")
    forms = (code, code.lower(), code.replace("-", " ").replace("0", "O").replace("1", "l"), wide)
    assert ask(typed.format(*forms)).status_code == 200


def test_code_expires(venue: Venue, now: datetime, clock_at: ClockAt) -> None:
    code = add_device(venue=venue, label="North gate", at=now).code
    with clock_at(now + timedelta(minutes=61)):
        assert ask(code).status_code == 422


def test_wrong_codes_again_and_again(venue: Venue, now: datetime, clock_at: ClockAt) -> None:
    code = add_device(venue=venue, label="North gate", at=now).code
    with clock_at(now):
        assert [ask("WRONG-0000").status_code for _ in range(10)] == [422] * 10
        refused = ask(code)
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 15 * 60
        assert ask(code, sender="192.0.2.8").status_code == 200


def test_tries_are_counted_without_the_vault(
    venue: Venue, now: datetime, settings: Settings
) -> None:
    """A process of doors has no key of the vault."""
    settings.VAULT_KEYS = settings.VAULT_INDEX_KEY = ""
    assert [ask("WRONG-0000").status_code for _ in range(10)] == [422] * 10
    assert ask("WRONG-0000").status_code == 429


def test_many_devices_may_be_enrolled_from_one_address(venue: Venue, now: datetime) -> None:
    for number in range(12):
        code = add_device(venue=venue, label=f"Gate {number}", at=now).code
        assert ask(code).status_code == 200


@pytest.mark.parametrize("code", [None, "", 7, [], "A" * 65, "\x00", "\ud800"])
def test_bad_codes_are_explained(db: None, code: object) -> None:
    answer = ask(code)
    assert answer.status_code == 422
    assert answer.json()["type"] in {
        "/problems/invalid-input",
        "/problems/enrolment-code-not-valid",
    }


@pytest.mark.django_db(transaction=True)
def test_two_devices_with_one_code(venue: Venue, now: datetime) -> None:
    """The first device gets the token. There are never two tokens."""
    code = add_device(venue=venue, label="North gate", at=now).code

    def try_it(sender: str) -> bool:
        try:
            enrol(enrolment_code=code, sender=sender, at=now)
        except EnrolmentCodeNotValid:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(try_it, [f"192.0.2.{number}" for number in range(8)]))
    assert sum(won) == 1


def test_revoked_device_scans_no_more(door: APIClient, zhejiang: Authority, now: datetime) -> None:
    assert scan(door, zhejiang.code(at=now)).status_code == 200
    revoke(device=Device.objects.get(), at=now)
    doors.forget()
    answer = scan(door, zhejiang.code(at=now))
    assert answer.status_code == 401
    assert "new code" in answer.json()["detail"]


def test_venue_must_lie_in_the_managers_area(manager: Account, now: datetime) -> None:
    with pytest.raises(Forbidden):
        create_venue(manager=manager, name="Bund", area="33", at=now)


@pytest.mark.parametrize("name", ["", "  ", "A" * 129, "a\x00b", "a\u202eb"])
def test_venue_needs_a_name(manager: Account, now: datetime, name: str) -> None:
    with pytest.raises(InvalidInput):
        create_venue(manager=manager, name=name, area="330106", at=now)


def test_yellow_never_simply_passes(venue: Venue) -> None:
    with pytest.raises(InvalidInput):
        admit_yellow(venue=venue, yellow=Outcome.PASS)

"""Somebody types the number of a stranger, who comes later; over the interface, to a door."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import time_machine
from django.test import Client
from django.urls import NoReverseMatch, reverse
from rest_framework.test import APIClient

from accounts.models import Person
from accounts.rosters import PLAIN, replace_roster
from accounts.services import issue_token, resident_account
from healthcode.codes import keys
from healthcode.codes.asked_rows import asked_rows
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.status_lists import editions, indexes
from tests.access.requests import routes
from tests.accounts.proving import proves_itself
from tests.acts import SENT_GROUND
from tests.codes.conftest import at_the_door
from tests.confirmation.conftest import recolour
from tests.evidence.conftest import HOME, World, declaration

pytestmark = pytest.mark.clock

NAME: Final = "王小明"
DOCUMENT: Final = {"id_type": "20", "id_number": "E50000001"}
HOLDER, STRANGER = "+8613900000001", "+8613800000009"
MINUTE: Final = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def signing_key(db: None, now: datetime) -> SigningKey:
    keys.keyring.forget()
    indexes.known_parts.forget()
    asked_rows.forget_all()
    return keys.make_key(starts=now - timedelta(days=8), signs_for=timedelta(days=90))


def enter(phone: str, now: datetime) -> APIClient:
    """Return a client of the account with this telephone, as after a login."""
    account = resident_account(phone=phone)
    token = issue_token(account=account, label="", expires_at=now + timedelta(days=60))
    return APIClient(headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"})


def register(client: APIClient, name: str = NAME) -> int:
    given = {"name": name, "home_area": HOME, "relation": "self", **DOCUMENT}
    answer = client.post("/api/v1/people", given, format="json")
    assert answer.status_code == 201, answer.content
    return int(answer.json()["id"])


def declare(client: APIClient, person: int) -> str:
    """Declare healthy, and return the code."""
    answer = client.post("/api/v1/declarations", declaration(person), format="json")
    assert answer.status_code == 201, answer.content
    return str(client.get(f"/api/v1/people/{person}/code").json()["code"])


def report(source: APIClient, result: str, at: datetime) -> int:
    """Report a test, and let the workers recolour and publish; return the number of the fact."""
    sampled = (at - timedelta(hours=1)).isoformat()
    line = {**DOCUMENT, "result": result, "sampled_at": sampled}
    answer = source.post("/api/v1/evidence/tests", line, format="json")
    assert answer.status_code == 201, answer.content
    work(at)
    return int(answer.json()["results"][0]["id"])


def work(at: datetime) -> None:
    recolour(at=at)
    StatusList.objects.update(seen="")  # The lists before were made in this very transaction.
    editions.publish(at=at)


def holder_is_known(at: datetime) -> None:
    replace_roster([",".join(PLAIN), f"20,E50000001,{NAME},{HOLDER}"], on=at.date())


@pytest.mark.parametrize("result", ["negative", "positive"])
def test_the_stranger_loses_it_within_the_minute(
    world: World, source_client: APIClient, now: datetime, result: str
) -> None:
    stranger = enter(STRANGER, now)
    person = register(stranger, "别人")
    typed = declare(stranger, person)
    assert at_the_door(typed, at=now).reason == "ok"
    report(source_client, result, datetime.now(now.tzinfo))
    refused = stranger.get(f"/api/v1/people/{person}/code")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/proof-needed")
    holder_is_known(now)
    holder = enter(HOLDER, now)
    assert register(holder) == person
    work(datetime.now(now.tzinfo))
    assert datetime.now(now.tzinfo) < now + MINUTE
    assert at_the_door(typed, at=now + MINUTE).reason == "superseded"
    assert stranger.get(f"/api/v1/people/{person}/code").status_code == 404
    assert stranger.get("/api/v1/people").json() == []
    own = declare(holder, person)
    expected = {"negative": "ok", "positive": "red"}[result]
    assert at_the_door(own, at=now + MINUTE).reason == expected


def test_no_address_shows_a_stranger_what_others_reported(
    world: World, source_client: APIClient, now: datetime
) -> None:
    """Every address of a person, also those that are added later, is closed or silent."""
    stranger = enter(STRANGER, now)
    person = register(stranger, "别人")
    declare(stranger, person)
    report(source_client, "positive", datetime.now(now.tzinfo))
    browser = Client(headers={"Accept-Language": "en"})
    browser.force_login(resident_account(phone=STRANGER))
    proves_itself(resident_account(phone=STRANGER), browser)
    asked = {name: address for name in routes() if (address := of_person(name, person))}
    assert {"code", "colour", "api-export", "why", "proof"} <= asked.keys()
    for name, path in asked.items():
        answer = (stranger if path.startswith("/api/") else browser).get(path)
        is_way_on = answer.status_code == 302 and answer.url.endswith(f"/people/{person}/proof")
        if answer.status_code not in (403, 404, 405) and not is_way_on:
            assert name in SILENT, (name, answer.status_code)
            shown = answer.content.decode().lower()
            assert not any(word in shown for word in ("positive", "hospital", "red")), name


SILENT: Final = {"let-go", "proof"}
"""Addresses that a stranger may open: they say how to go on, and nothing of the person."""


def of_person(name: str, person: int) -> str | None:
    """Return the address with this name for a person; None if it is about nobody."""
    for members in ({"person": person}, {"person_id": person}):
        for more in ({}, {"fact": 1}, {"look": 1}):
            try:
                return reverse(name, kwargs={**members, **more})
            except NoReverseMatch:
                continue
    return None


def test_who_registers_a_week_after_the_report_is_red(
    world: World, source_client: APIClient, now: datetime
) -> None:
    with time_machine.travel(now - timedelta(days=7)):
        report(source_client, "positive", now - timedelta(days=7))
    holder_is_known(now)
    holder = enter(HOLDER, now)
    person = register(holder)
    assert holder.get(f"/api/v1/people/{person}/colour").json()["colour"] == "red"
    assert at_the_door(declare(holder, person), at=now + MINUTE).reason == "red"


def test_after_an_erasure_nothing_of_before_comes_back(
    world: World, source_client: APIClient, officer_client: APIClient, now: datetime
) -> None:
    """The same line sent again is a new fact about somebody new."""
    fact = report(source_client, "positive", now)
    holder_is_known(now)
    holder = enter(HOLDER, now)
    person = register(holder)
    declare(holder, person)
    proves_itself(resident_account(phone=HOLDER))
    url, sent = f"/api/v1/people/{person}/erasure", {"person": person}
    refused = holder.post(url, sent, format="json")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/still-needed")
    officer_client.post(f"/api/v1/evidence/{fact}/withdrawal", SENT_GROUND, format="json")
    recolour(at=datetime.now(now.tzinfo))
    assert holder.post(url, sent, format="json").status_code == 200
    assert not Person.objects.filter(pk=person).exists()
    again = enter(HOLDER, now)
    anew = register(again)
    assert anew != person
    assert at_the_door(declare(again, anew), at=now + MINUTE).reason == "ok"
    exported = export(again, anew)
    assert [one["kind"] for one in exported["evidence"]] == ["declaration"]


def export(client: APIClient, person: int) -> dict[str, Any]:
    proves_itself(resident_account(phone=HOLDER))
    answer = client.get(f"/api/v1/people/{person}/export")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())

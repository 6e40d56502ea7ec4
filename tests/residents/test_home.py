"""Somebody moves: the home changes, the colour does not, and nobody escapes a report by it."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.admission import NewPerson
from accounts.errors import ProofNeeded
from accounts.holder_errors import MovedOften
from accounts.home_models import FormerHome
from accounts.homes import REMEMBERED, forget_former_homes, homes_of
from accounts.models import Account, Guardianship, Role
from healthcode.colours.models import PersonColour
from healthcode.evidence.models import HeldLine
from healthcode.officers.proofs.services import see_document
from healthcode.residents.declarations.services import declare
from healthcode.residents.home.services import move_home
from healthcode.web.errors import InvalidInput, NotFound
from tests.accounts.proving import proves_itself
from tests.acts import GROUND
from tests.codes.conftest import FEVERISH
from tests.evidence.conftest import HOME, ZHANGS_PASSPORT, World, reporting, staff

NINGBO, XIACHENG = "330203", "330103"


def move(world: World, home: str, at: datetime) -> None:
    move_home(account=world.zhang, person_id=world.person.pk, home_area=home, at=at)


def test_a_move_changes_the_home_and_no_colour(
    world: World, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    declare(account=world.zhang, person=world.person, declaration=FEVERISH, at=now)
    before = PersonColour.objects.get(person=world.person)
    client, path = client_of(world.zhang), f"/api/v1/people/{world.person.pk}"
    moved = client.put(f"{path}/home", {"home_area": "330203000000"}, format="json")
    assert (moved.status_code, moved.json()["home_area"]) == (200, NINGBO)
    after = PersonColour.objects.get(person=world.person)
    assert (after.colour, after.changes) == (before.colour, before.changes)
    proves_itself(world.zhang)
    (former,) = client.get(f"{path}/export").json()["former_homes"]
    assert former["area"] == HOME
    wrong = client.put(f"{path}/home", {"home_area": "999999"}, format="json")
    assert wrong.json()["errors"][0]["pointer"] == "/home_area"


def test_a_source_of_the_old_home_reports_on_without_an_officer(
    world: World, client_of: Callable[[Account], APIClient], now: datetime
) -> None:
    hospital = client_of(reporting("hangzhou", "3301"))
    move(world, NINGBO, now)
    line = {"person": world.person.pk, "result": "positive", "sampled_at": now.isoformat()}
    sent = json.dumps(line)
    said = hospital.post("/api/v1/evidence/tests", sent, content_type="application/json")
    assert said.status_code == 201
    FormerHome.objects.all().delete()
    later = json.dumps(line | {"reference": "2"})
    said = hospital.post("/api/v1/evidence/tests", later, content_type="application/json")
    assert said.status_code == 202
    assert HeldLine.objects.count() == 1


def test_a_home_that_is_replaced_at_the_desk_counts_on_too(world: World, now: datetime) -> None:
    officer = staff("ningbo", Role.OFFICER, "3302")
    seen = NewPerson("张三", "20", ZHANGS_PASSPORT, NINGBO)
    for _time in range(2):
        see_document(account=officer, phone=None, relation=None, seen=seen, ground=GROUND, at=now)
    assert homes_of([world.person.pk], at=now)[world.person.pk] == (NINGBO, HOME)


def test_a_person_moves_twice_in_four_weeks_and_always_back(world: World, now: datetime) -> None:
    with pytest.raises(InvalidInput):
        move(world, HOME, now)
    move(world, NINGBO, now)
    move(world, XIACHENG, now)
    assert homes_of([world.person.pk], at=now)[world.person.pk] == (XIACHENG, HOME, NINGBO)
    with pytest.raises(MovedOften):
        move(world, "3301", now)
    move(world, HOME, now)
    later = now + REMEMBERED
    assert homes_of([world.person.pk], at=later)[world.person.pk] == (HOME,)
    assert forget_former_homes(later) == 2
    move(world, "3301", later)


def test_only_a_proven_guardian_moves_a_person(world: World, now: datetime) -> None:
    Guardianship.objects.filter(person=world.person).update(proof=None, proven_at=None)
    with pytest.raises(ProofNeeded):
        move(world, NINGBO, now)
    with pytest.raises(NotFound):
        move_home(account=world.zhang, person_id=world.stranger.pk, home_area=NINGBO, at=now)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_moves_a_person(world: World, language: str) -> None:
    client = Client()
    client.cookies["language"] = language
    client.force_login(world.zhang)
    data = f"/people/{world.person.pk}/data"
    page = f"/people/{world.person.pk}/home"
    assert page in client.get(data).content.decode()
    assert "西湖区" in client.get(page).content.decode()
    assert client.post(page, {"home_area": "x"}).status_code == 422
    assert client.post(page, {"home_area": NINGBO}).url == data
    assert "海曙区" in client.get(data).content.decode()

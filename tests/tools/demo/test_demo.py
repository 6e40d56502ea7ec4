"""The demo province is plausible, the same every time, and loaded once."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts import identity
from accounts.models import Account, Guardianship, Person, Relation
from healthcode.areas.selectors import levels_on
from healthcode.codes import keys
from healthcode.colours.models import PersonColour, Recomputation
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour
from healthcode.tools.demo import logins, province
from healthcode.tools.demo.people import people
from healthcode.tools.demo.places import PROVINCES, DemoProvince

pytestmark = pytest.mark.clock


@pytest.mark.parametrize("province", PROVINCES.values(), ids=PROVINCES)
def test_its_places_lie_in_the_province_and_on_its_map(province: DemoProvince) -> None:
    """Every county where people live has a level."""
    with province.map_file.open(encoding="utf-8", newline="") as file:
        levels = {row["code"]: row["level"] for row in csv.DictReader(file)}
    assert {code[:2] for code in levels} == {province.area}
    assert {province.home, province.venue_area} <= set(levels)
    assert levels[province.visited] == "orange"


@pytest.fixture(scope="module")
def out(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The file of tokens. The demo is loaded once for this module and then rolled back."""
    file = tmp_path_factory.mktemp("demo") / "demo.json"
    keys.keyring.forget()
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_demo", out=file, verbosity=0)
        yield file
        transaction.set_rollback(True)
    keys.keyring.forget()


def test_everybody_has_the_colour_that_their_history_gives_them(out: Path) -> None:
    """Most people are green, many are not, and a sample agrees with `decide()`."""
    colours = dict(PersonColour.objects.values_list("person_id", "colour"))
    assert len(colours) == Person.objects.count() == province.PEOPLE + 3
    counts = Counter(Colour(colour) for colour in colours.values())
    assert counts[Colour.GREEN] > counts[Colour.YELLOW] > counts[Colour.RED] > 20
    at = timezone.now()
    for person in Random(1).sample(sorted(colours), 40):
        assert decision_of(person, at).colour == colours[person]
    assert not Recomputation.objects.filter(finished_at=None).exists()


def test_the_map_in_force_is_that_of_9_february(out: Path) -> None:
    """As the province published it: 1 red, 12 orange, 12 yellow, 53 blue, 12 green."""
    levels = Counter(row.level.label for row in levels_on(on=timezone.now(), within="33"))
    assert levels == {"red": 1, "orange": 12, "yellow": 12, "blue": 53, "green": 12}


def test_the_mother_came_home_from_an_orange_county(out: Path) -> None:
    """The resident's family shows what the pages can do."""
    resident = json.loads(out.read_text())["resident"]["person"]
    account = Account.objects.get(guardianships__person=resident)
    family = dict(Guardianship.objects.filter(account=account).values_list("relation", "person"))
    assert set(family) == {Relation.SELF, Relation.CHILD, Relation.PARENT}
    assert decision_of(family[Relation.PARENT], timezone.now()).colour == Colour.YELLOW


def test_loading_again_changes_nothing(out: Path) -> None:
    """A second start keeps the people and the tokens."""
    before = out.read_text()
    call_command("load_demo", out=out, verbosity=0)
    assert out.read_text() == before
    assert Person.objects.count() == province.PEOPLE + 3


def test_a_demo_of_version_1_0_0_gets_who_is_new(out: Path) -> None:
    """An administrator and a second officer, who can log in; the others stay as they were."""
    before = json.loads(out.read_text())
    passwords = out.with_name("passwords.json")
    known = json.loads(passwords.read_text())
    del known[logins.SECOND_OFFICER], known[logins.ADMINISTRATOR]
    passwords.write_text(json.dumps(known))
    old = {who: login for who, login in before.items() if who not in {"administrator", "officer2"}}
    last4 = old["resident"].pop("document_last4")
    out.write_text(json.dumps(old))
    old["resident"]["document_last4"] = last4
    call_command("load_demo", out=out, verbosity=0)
    after = json.loads(out.read_text())
    assert after.keys() == before.keys()
    assert {who: after[who] for who in old} == old
    now = json.loads(passwords.read_text())
    assert now.items() > known.items()
    officer = Account.objects.get(username=logins.SECOND_OFFICER)
    assert officer.check_password(now[logins.SECOND_OFFICER])


def test_lost_tokens_are_issued_anew(out: Path) -> None:
    """Deleting the file gives new tokens, also when the manager has opened a second venue."""
    before = json.loads(out.read_text())
    logins.make_venue(at=timezone.now())
    out.unlink()
    call_command("load_demo", out=out, verbosity=0)
    after = json.loads(out.read_text())
    assert after["device"]["venue"] == before["device"]["venue"]
    assert after["resident"]["person"] == before["resident"]["person"]
    assert after["officer"]["token"] != before["officer"]["token"]


def test_synthetic_people_are_the_same_for_the_same_seed() -> None:
    """All have valid and different numbers."""
    some = list(people(500, homes=["330102", "331004"], random=Random(7)))
    assert some == list(people(500, homes=["330102", "331004"], random=Random(7)))
    assert len({one.id_number for one in some}) == 500
    for one in some:
        assert identity.parse("10", one.id_number, on=date(2020, 2, 9)).number == one.id_number

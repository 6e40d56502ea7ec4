"""Whoever looks at a person leaves a trace, which the person sees."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.translation import override

from accounts.models import Account, Role
from healthcode.acts.alarm_models import UnusualLooks
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import LookKind
from healthcode.acts.looks import (
    KEPT_FOR,
    LONGEST_HIDDEN,
    LOOKS,
    UNUSUAL_AN_HOUR,
    Onlooker,
    forget_looks,
    forget_unusual,
    looks_at,
    looks_export,
    record_looks,
    unusual_within,
)
from healthcode.acts.models import PersonLook
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from healthcode.web.errors import TooMany
from tests.accounts.proving import proves_itself
from tests.acts import GROUND, SENT_GROUND
from tests.colours.world import shanghai
from tests.evidence.conftest import World, now, world
from tests.owner import as_owner

__all__ = ["now", "world"]
pytestmark = pytest.mark.django_db
NOW = shanghai(2, 20, 12)


def look(world: World, *, days: float = 0, ground: Ground = GROUND, hidden: float = 0) -> None:
    at = NOW + timedelta(days=days)
    record_looks(
        by=Onlooker(world.officer, Role.OFFICER, "3301", ground),
        people=[world.person.pk],
        what=LookKind.EVIDENCE,
        at=at,
        hidden_until=at + timedelta(days=hidden) if hidden else None,
    )


def test_the_page_of_evidence_shows_nothing_without_a_ground(world: World) -> None:
    fact = NewFact(world.person.pk, EvidenceKind.STAY, NOW, None, area="330106")
    (number,) = record(source=world.source, facts=[fact], at=NOW).ids
    desk = Client()
    desk.force_login(world.officer)
    page = desk.get("/officer/evidence", {"number": number}).content.decode()
    assert "330106" not in page
    for ground in ({}, {**SENT_GROUND, "ground": "."}, {**SENT_GROUND, "ground_kind": ""}):
        for press in ({"look": "1"}, {}):
            answer = desk.post("/officer/evidence", {"number": number, **ground, **press})
            assert answer.status_code == 422
            assert "330106" not in answer.content.decode()
    assert not PersonLook.objects.exists()
    answer = desk.post("/officer/evidence", {"number": number, "look": "1", **SENT_GROUND})
    assert "330106" in answer.content.decode()
    seen = PersonLook.objects.get()
    assert (seen.person_id, seen.account, seen.role) == (
        world.person.pk,
        world.officer,
        Role.OFFICER,
    )
    assert (seen.what, seen.ground) == (LookKind.EVIDENCE, SENT_GROUND["ground"])


def test_the_person_sees_who_when_and_why_but_no_name(world: World) -> None:
    Account.objects.filter(pk=world.officer.pk).update(username="wang.fang")
    look(world)
    looked = PersonLook.objects.get()
    with as_owner():
        PersonLook.objects.update(area="330106")
    zhang = Client()
    zhang.cookies["language"] = "en"
    zhang.force_login(world.zhang)
    page = zhang.get(f"/people/{world.person.pk}/data").content.decode()
    for told in ("Who looked at this data", GROUND.text, "One record", "An officer for"):
        assert told in page
    assert "wang.fang" not in page
    zhang.cookies["language"] = "zh-hans"
    chinese = zhang.get(f"/people/{world.person.pk}/data").content.decode()
    assert "谁看过这些数据" in chinese
    proves_itself(world.zhang, zhang)
    (answer,) = zhang.get(f"/people/{world.person.pk}/data.json").json()["looks"]
    assert answer == {
        "at": looked.at.isoformat(),
        "role": "officer",
        "area": "330106",
        "what": "evidence",
        "ground_kind": GROUND.kind.value,
        "ground": GROUND.text,
    }


def test_the_same_look_on_the_same_day_is_one(world: World) -> None:
    look(world)
    look(world)
    assert PersonLook.objects.count() == 1
    look(world, ground=Ground(GroundKind.MISTAKEN, "Somebody reported it by mistake"))
    look(world, days=1)
    assert PersonLook.objects.count() == 3


def test_what_an_inquiry_hides_appears_later(world: World) -> None:
    look(world, hidden=14)
    until = NOW + LONGEST_HIDDEN
    assert looks_export(world.person.pk, until - timedelta(seconds=1)) == []
    assert len(looks_export(world.person.pk, until)) == 1


def test_nothing_is_hidden_for_longer(world: World) -> None:
    with pytest.raises(IntegrityError, match="look_is_not_hidden_for_long"), transaction.atomic():
        look(world, hidden=14.1)


def test_the_desk_of_the_area_says_who_looks_unusually_often(world: World) -> None:
    for number in range(UNUSUAL_AN_HOUR):
        look(world, ground=Ground(GroundKind.OPERATIONS, f"Look number {number}"))
    assert not UnusualLooks.objects.exists()
    for number in range(2):
        look(world, ground=Ground(GroundKind.OPERATIONS, f"Further look number {number}"))
    row = UnusualLooks.objects.get()
    assert (row.account, row.area, row.looks) == (world.officer, "3301", UNUSUAL_AN_HOUR + 2)
    assert unusual_within(["33"], at=NOW) == [row]
    assert unusual_within(["330106", "31"], at=NOW) == []
    assert unusual_within([""], at=NOW + timedelta(days=8)) == []
    assert forget_unusual(NOW + timedelta(days=364)) == 0
    assert forget_unusual(NOW + timedelta(days=366)) == 1


def test_looks_are_limited_and_many_are_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "healthcode.acts.looks")
    for number in range(LOOKS.most):
        look(world, ground=Ground(GroundKind.OPERATIONS, f"Look number {number}"))
        assert ("unusually often" in caplog.text) is (number >= UNUSUAL_AN_HOUR)
    with override("en"):
        with pytest.raises(TooMany) as refused:
            look(world, ground=Ground(GroundKind.OPERATIONS, "One look too many"))
        assert "very often today" in str(refused.value.detail)
    assert PersonLook.objects.count() == LOOKS.most
    look(world, days=1.1, ground=Ground(GroundKind.OPERATIONS, "The next day again"))


def test_old_looks_are_forgotten(world: World) -> None:
    look(world)
    look(world, days=1)
    assert forget_looks(NOW + KEPT_FOR + timedelta(hours=1)) == 1
    assert looks_at(world.person.pk, at=NOW + timedelta(days=2)).count() == 1

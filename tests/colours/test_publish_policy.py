"""Publishing a policy is an act, kept for good, and recolours everybody when its day comes."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.errors import OutsideYourArea
from healthcode.colours.errors import InvalidPolicy, PolicyVersionTaken
from healthcode.colours.models import Policy, Recomputation
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from healthcode.colours.sweep import SETTLED_AFTER, sweep
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from tests.acts import GROUND, SENT_GROUND
from tests.colours import world
from tests.colours.world import shanghai

NOON = shanghai(2, 20, 12)
STRICTER = world.DEFAULT_TEXT.replace("version = 2", "version = 3").replace(
    'colour = "yellow"', 'colour = "red"'
)

pytestmark = pytest.mark.django_db


def test_it_is_an_act_and_recolours_everybody() -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 15), None, "confirmed")
    boss = world.officer("33")

    policy = publish_policy(
        account=boss,
        text=world.DEFAULT_TEXT,
        holds_from=shanghai(2, 11),
        ground=GROUND,
        at=NOON,
    )

    assert (policy.act.account, policy.act.ground, policy.act.area) == (boss, GROUND.text, "33")
    assert policy.act.detail == {"version": 2, "name": "CN-33-2020-02-17"}
    recomputation = Recomputation.objects.get(cause="policy", act=policy.act)
    run(recomputation.pk, clock=lambda: NOON)
    assert world.colours([ill]) == {ill: Colour.RED}


def test_one_for_later_is_brought_in_by_the_sweep_once() -> None:
    (feverish,) = world.people(1)
    world.fact(feverish, EvidenceKind.DECLARATION, NOON, NOON, "fever")
    world.publish()
    sweep(at=NOON)
    first = Recomputation.objects.get()
    run(first.pk, clock=lambda: NOON)
    day = shanghai(2, 21)
    publish_policy(account=world.officer(), text=STRICTER, holds_from=day, ground=GROUND, at=NOON)

    sweep(at=day)
    assert Recomputation.objects.count() == 1

    later = day + SETTLED_AFTER
    sweep(at=later)
    sweep(at=later)
    second = Recomputation.objects.exclude(pk=first.pk).get()
    run(second.pk, clock=lambda: later)
    assert world.colours([feverish]) == {feverish: Colour.RED}


def test_only_somebody_with_authority_over_the_province_may() -> None:
    with pytest.raises(OutsideYourArea):
        publish_policy(
            account=world.officer("3301"),
            text=world.DEFAULT_TEXT,
            holds_from=NOON,
            ground=GROUND,
            at=NOON,
        )
    assert not Policy.objects.exists()


def test_a_version_is_published_once_and_for_good(policy: object) -> None:
    with pytest.raises(PolicyVersionTaken):
        publish_policy(
            account=world.officer(),
            text=world.DEFAULT_TEXT,
            holds_from=NOON,
            ground=GROUND,
            at=NOON,
        )
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic():
        Policy.objects.update(holds_from=NOON)


def test_mistakes_are_told_and_nothing_is_stored() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        publish_policy(
            account=world.officer(),
            text=world.DEFAULT_TEXT.replace("hold_days = 7", "hold_days = 700"),
            holds_from=NOON,
            ground=GROUND,
            at=NOON,
            file="slip.toml",
        )

    errors = caught.value.members["errors"]
    assert isinstance(errors, list)
    assert {(e["file"], e["rule"], e["field"]) for e in errors} >= {
        ("slip.toml", "declared-symptoms", "hold_days")
    }
    assert not Policy.objects.exists()


class TestCommand:
    def test_publishes_the_shipped_default(self) -> None:
        boss = world.officer()
        out = StringIO()

        call_command(
            "publish_policy",
            str(SHIPPED),
            officer=boss.username,
            **SENT_GROUND,
            holds_from=shanghai(2, 11).date(),
            stdout=out,
        )

        assert Policy.objects.get().holds_from == shanghai(2, 11)
        assert "Version 2 holds from 2020-02-11T00:00:00+08:00" in out.getvalue()

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"version = 1", r"bad\.toml rule: write one"),
            (b"\xff", "is not in UTF-8"),
            (None, "cannot be read: No such file"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, content: bytes | None, said: str) -> None:
        file = tmp_path / "bad.toml"
        if content is not None:
            file.write_bytes(content)

        with pytest.raises(CommandError, match=said):
            call_command(
                "publish_policy", str(file), officer=world.officer().username, **SENT_GROUND
            )

    def test_names_an_officer_it_does_not_know(self) -> None:
        with pytest.raises(CommandError, match="no officer named nobody"):
            call_command("publish_policy", str(SHIPPED), officer="nobody", **SENT_GROUND)


def test_settling_takes_less_than_the_minute_that_time_is_given() -> None:
    assert timedelta(0) < SETTLED_AFTER < timedelta(seconds=45)

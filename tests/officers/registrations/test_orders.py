"""Whatever is reported, merged and separated in whatever order: one person has one colour."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from healthcode.colours.audit import checked_part
from healthcode.colours.decide import decide
from healthcode.colours.models import Cause, PersonColour
from healthcode.colours.one_person import decide_now
from healthcode.colours.policy import parse
from healthcode.colours.recompute import request, run
from healthcode.colours.sweep import sweep
from healthcode.core import Colour
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.selectors import facts_under
from healthcode.officers.registrations.errors import AlreadyMerged, NotMerged
from healthcode.officers.registrations.services import merge, separate
from healthcode.web.days import day_of
from tests.acts import GROUND
from tests.colours import world

BEGINNING = datetime(2021, 4, 4, 16, tzinfo=UTC)
STEPS = 14
POLICY = """
version = 1
name = "p"
title = { zh = "p", en = "p" }

[[rule]]
name = "a"
evidence = "case"
colour = "red"
hold_days = 1
reason = { zh = "r", en = "r" }
release = { negative_tests = 2, hours_apart = 24 }

[[rule]]
name = "b"
evidence = "declaration"
traits = ["fever"]
colour = "yellow"
hold_days = 1
reason = { zh = "r", en = "r" }
release = { check_ins = 2 }

[[rule]]
name = "c"
evidence = "contact"
traits = ["close"]
colour = "red"
hold_days = 2
reason = { zh = "r", en = "r" }

[second_person]
people = 1000000
kinds = []
[alarm]
people = 1000000
"""


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_registration_has_the_colour_of_its_person(db: None, seed: int) -> None:
    draw = Random(seed)
    with undone():
        world.publish(POLICY)
        officer, source = world.officer(), Account.objects.create(username="source")
        people = world.people(4)
        groups = [{person} for person in people]
        at = BEGINNING
        for _ in range(STEPS):
            at += timedelta(hours=draw.choice([1, 6, 12, 24]))
            match draw.choice(["report", "report", "report", "merge", "merge", "separate", "wait"]):
                case "report":
                    _report(draw, source, draw.choice(people), at)
                case "merge":
                    _merge(draw, officer, people, groups, at)
                case "separate":
                    _separate(draw.choice(people), officer, groups, at)
                case "wait":
                    pass
            sweep(at=at)
            _assert_one_colour_each(groups, at)


def _assert_one_colour_each(groups: list[set[int]], at: datetime) -> None:
    stored = PersonColour.objects.in_bulk()
    for group in groups:
        decided = decide(facts_under(group), parse(POLICY), at)
        for person in group & stored.keys():
            row = stored[person]
            assert (Colour(row.colour), row.next_change_at) == (
                decided.colour,
                decided.next_change_at,
            )
    assert all(one.agrees for one in checked_part(after=0, most=100, at=at))


def _merge(
    draw: Random, officer: Account, people: list[int], groups: list[set[int]], at: datetime
) -> None:
    person, other = draw.sample(people, 2)
    one, two = _of(person, groups), _of(other, groups)
    if one is two:
        with pytest.raises(AlreadyMerged):
            merge(account=officer, person=person, other=other, ground=GROUND, at=at)
        return
    merge(account=officer, person=person, other=other, ground=GROUND, at=at)
    groups.remove(two)
    one |= two


def _separate(person: int, officer: Account, groups: list[set[int]], at: datetime) -> None:
    group = _of(person, groups)
    if len(group) == 1:
        with pytest.raises(NotMerged):
            separate(account=officer, person=person, ground=GROUND, at=at)
        return
    separate(account=officer, person=person, ground=GROUND, at=at)
    group.remove(person)
    groups.append({person})


def _of(person: int, groups: list[set[int]]) -> set[int]:
    return next(group for group in groups if person in group)


def _report(draw: Random, source: Account, person: int, at: datetime) -> None:
    """Let something be known about a person, and colours follow in one of the two ways."""
    kind, traits = draw.choice(
        [
            (EvidenceKind.CASE, ("confirmed",)),
            (EvidenceKind.CONTACT, ("close",)),
            (EvidenceKind.DECLARATION, ("fever",)),
            (EvidenceKind.TEST, ("negative",)),
            (EvidenceKind.TEST, ("negative",)),
            (EvidenceKind.CHECK_IN, ("healthy",)),
            (EvidenceKind.CHECK_IN, ("healthy",)),
        ]
    )
    day = day_of(at) if kind is EvidenceKind.CHECK_IN else None
    if day and Evidence.objects.filter(person=person, day=day).exists():
        return
    world.fact(person, kind, at, at, *traits, day=day, source=source)
    if draw.random() < 0.5:
        decide_now(person, at=at)
    else:
        run(request(cause=Cause.EVIDENCE, people=[person]).pk, clock=lambda: at)

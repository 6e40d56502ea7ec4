"""The answer to "why": sentences in both languages, dates, what is missing, where it comes from."""

from datetime import datetime
from itertools import pairwise

import pytest
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from healthcode.areas.models import Area, Level
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.reasons import Needs
from healthcode.colours.selectors import decision_of
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.services import NewFact, record
from tests.colours import world
from tests.colours.world import shanghai

NOON = shanghai(2, 26, 12)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]


def test_a_stay_is_told_with_place_level_and_days() -> None:
    (huang,) = world.people(1)
    stay = world.stay(huang, "330104", shanghai(1, 1), None)
    for code, name in (("33", "浙江省"), ("3301", "杭州市"), ("330104", "江干区")):
        Area.objects.filter(code=code).update(name=name)
    world.levels("330104", (Level.ORANGE, shanghai(2, 9), shanghai(2, 24)))
    world.check_ins(huang, shanghai(2, 24).date(), 3)

    decision = decision_of(huang, NOON)

    assert (decision.colour, decision.until, decision.policy) == (Colour.YELLOW, None, 2)
    (reason,) = decision.reasons
    # A stay that ended at the start of the 24th was last there on the 23rd.
    assert reason.zh == (
        "您在浙江省杭州市江干区停留过（2020年2月9日至2020年2月23日），当时那里是较高风险（橙）地区。"
    )
    assert reason.en == (
        "You stayed in 浙江省杭州市江干区 (9 February 2020 to 23 February 2020) "
        "while its risk level was higher (orange)."
    )
    assert (reason.rule, reason.evidence) == ("orange-area", stay.pk)
    assert (reason.area_name, reason.level) == ("浙江省杭州市江干区", Level.ORANGE)
    assert (reason.starts, reason.exposed_until) == (shanghai(2, 9), shanghai(2, 24))
    assert (reason.holds_until, reason.until) == (shanghai(3, 2), None)
    assert reason.needs == Needs("check_ins", done=3, needed=7)


def test_what_goes_on_is_told_as_going_on() -> None:
    (ma,) = world.people(1)
    world.stay(ma, "00", shanghai(2, 1), None)

    (reason,) = decision_of(ma, NOON).reasons

    assert reason.zh == "您在境外停留过（至今）。"
    assert reason.en == "You were abroad until today."
    assert (reason.exposed_until, reason.holds_until, reason.until) == (None, None, None)


def test_maps_in_a_row_that_say_the_same_are_told_as_one() -> None:
    (huang,) = world.people(1)
    world.publish(world.VERSION_1.read_text(encoding="utf-8"), holds_from=shanghai(2, 9))
    world.stay(huang, "330104", shanghai(1, 1), None)
    days = [shanghai(2, day) for day in (9, 12, 15, 20)]
    world.levels(
        "330104",
        *((Level.YELLOW, starts, ends) for starts, ends in pairwise(days)),
        (Level.ORANGE, days[-1], None),
    )

    told = {reason.level: reason for reason in decision_of(huang, NOON).reasons}

    assert len(decision_of(huang, NOON).reasons) == len(told) == 2
    orange, yellow = told[Level.ORANGE], told[Level.YELLOW]
    assert (orange.starts, orange.exposed_until) == (shanghai(2, 20), None)
    assert (yellow.starts, yellow.exposed_until) == (shanghai(2, 9), shanghai(2, 20))


def test_the_gravest_reason_comes_first_and_gives_the_end() -> None:
    (tang,) = world.people(1)
    world.fact(tang, EvidenceKind.DECLARATION, shanghai(2, 25), shanghai(2, 25), "fever")
    world.fact(tang, EvidenceKind.CONTACT, shanghai(2, 20), shanghai(2, 21), "close")
    world.fact(tang, EvidenceKind.TEST, shanghai(2, 22), shanghai(2, 22), "positive")

    decision = decision_of(tang, NOON)

    assert [reason.rule for reason in decision.reasons] == [
        "close-contact",
        "positive-test",
        "declared-symptoms",
    ]
    assert decision.reasons[1].needs == Needs("negative_tests", 0, 2, hours_apart=24)


def test_a_reason_speaks_the_language_of_the_request() -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 5), None, "confirmed")
    (reason,) = decision_of(ill, NOON).reasons

    with override("en"):
        assert reason.text.startswith("Since 5 February 2020 you have been registered")
    with override("zh-hans"):
        assert reason.text.startswith("从2020年2月5日起")


def test_since_is_when_the_stored_colour_began() -> None:
    (ill,) = world.people(1)
    world.fact(ill, EvidenceKind.CASE, shanghai(2, 5), None, "confirmed")

    assert decision_of(ill, NOON).since == NOON

    recompute_people([ill], at=shanghai(2, 6))
    assert decision_of(ill, NOON).since == shanghai(2, 6)


@pytest.mark.parametrize("stays", [1, 20])
def test_explaining_takes_eight_queries(
    stays: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    (traveller,) = world.people(1)
    for n in range(stays):
        code = f"3301{n + 10}"
        world.stay(traveller, code, shanghai(2, 10), shanghai(2, 20))
        world.levels(code, (Level.RED, shanghai(2, 9), None))

    # Queries: the policy, the merged registrations, the facts, the levels, the stored
    # colour, the reporters, the acts, the names.
    with django_assert_num_queries(8):
        assert len(decision_of(traveller, NOON).reasons) == stays


@pytest.mark.parametrize(
    ("starts", "ends", "zh", "en"),
    [
        (
            shanghai(2, 20, 10, 10),
            shanghai(2, 20, 10, 40),
            "2020年2月20日10:10至10:40",
            "20 February 2020, 10:10 to 10:40",
        ),
        (
            shanghai(2, 20, 23, 50),
            shanghai(2, 21, 0, 20),
            "2020年2月20日23:50至2020年2月21日00:20",
            "20 February 2020, 23:50 to 21 February 2020, 00:20",
        ),
        (shanghai(2, 20), shanghai(2, 21), "2020年2月20日", "20 February 2020"),
        (
            shanghai(2, 20),
            shanghai(2, 22, 9),
            "2020年2月20日至2020年2月22日09:00",
            "20 February 2020 to 22 February 2020, 09:00",
        ),
        (
            shanghai(2, 20, 9),
            shanghai(2, 22),
            "2020年2月20日09:00至2020年2月21日",
            "20 February 2020, 09:00 to 21 February 2020",
        ),
        (shanghai(2, 20), shanghai(2, 20), "2020年2月20日00:00", "20 February 2020, 00:00"),
        (shanghai(2, 20, 9), None, "2020年2月20日至今", "20 February 2020 to today"),
    ],
)
def test_a_contact_is_told_with_when_and_where(
    starts: datetime, ends: datetime | None, zh: str, en: str
) -> None:
    (wu, zheng) = world.people(2)
    world.fact(wu, EvidenceKind.CONTACT, starts, ends, "close")
    place = {"zh": "望湖楼", "en": "Wanghu House"}
    record(
        source=world.officer(),
        facts=[
            NewFact(
                zheng,
                EvidenceKind.CONTACT,
                starts,
                ends,
                traits=("close",),
                detail={"place": place},
            )
        ],
        at=NOON,
    )

    (unknown,) = decision_of(wu, NOON).reasons
    (known,) = decision_of(zheng, NOON).reasons

    assert unknown.zh == f"您和病人有过密切接触（地点不详，{zh}）。"
    assert known.zh == f"您和病人有过密切接触（望湖楼，{zh}）。"
    assert known.en == f"You were in close contact with a case (Wanghu House, {en})."

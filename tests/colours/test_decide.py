"""What follows from people's evidence under the default policy: named people, dates, exact ends."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

import pytest

from healthcode.areas.models import Level
from healthcode.colours.decide import LevelPeriod, decide
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact
from tests.colours.world import DEFAULT, shanghai

GREEN, YELLOW, RED = Colour
INSTANT = timedelta(microseconds=1)
_ids = count(1)


def fact(
    kind: EvidenceKind,
    starts: datetime,
    ends: datetime | None,
    *traits: str,
    area: str | None = None,
    day: date | None = None,
) -> Fact:
    return Fact(next(_ids), kind, starts, ends, area, traits, day)


def declared(at: datetime, *traits: str) -> Fact:
    return fact(EvidenceKind.DECLARATION, at, at, *traits)


def stay(area: str, starts: datetime, ends: datetime | None) -> Fact:
    return fact(EvidenceKind.STAY, starts, ends, area=area)


def case(starts: datetime, ends: datetime | None) -> Fact:
    return fact(EvidenceKind.CASE, starts, ends, "confirmed")


def swab(at: datetime, result: str) -> Fact:
    return fact(EvidenceKind.TEST, at, at, result)


def check_in(at: datetime, *traits: str) -> Fact:
    return fact(EvidenceKind.CHECK_IN, at, at, *(traits or ("healthy",)), day=at.date())


def check_ins(first: datetime, days: int) -> list[Fact]:
    return [check_in(first + timedelta(days=n)) for n in range(days)]


def level(area: str, level_: Level, starts: datetime, ends: datetime | None) -> LevelPeriod:
    return LevelPeriod(area, level_, starts, ends, act=1)


@dataclass(frozen=True)
class Example:
    who: str
    at: datetime
    colour: Colour
    until: datetime | None = None
    next_change_at: datetime | None = None
    facts: list[Fact] = field(default_factory=list)
    levels: list[LevelPeriod] = field(default_factory=list)


# Jianggan district (330104), orange on the map of 9 February, blue from the 24th on.
JIANGGAN = [
    level("330104", Level.ORANGE, shanghai(2, 9), shanghai(2, 24)),
    level("330104", Level.BLUE, shanghai(2, 24), None),
]
RECOVERED = case(shanghai(2, 5), shanghai(2, 20, 10))
AT_THE_DOOR = shanghai(2, 20, 12)

EXAMPLES = [
    Example("Wang Fang, of whom nothing is known", AT_THE_DOOR, GREEN),
    Example(
        "Li Wei, a case since the 5th",
        AT_THE_DOOR,
        RED,
        facts=[case(shanghai(2, 5), None)],
    ),
    Example(
        "Zhang Min, recovered on the 20th, who never checks in: red without an end",
        shanghai(3, 20),
        RED,
        facts=[RECOVERED],
    ),
    Example(
        "Liu Yang, recovered on the 20th, fourteen check-ins: fourteen days to the minute",
        shanghai(3, 5, 10) - INSTANT,
        RED,
        until=shanghai(3, 5, 10),
        next_change_at=shanghai(3, 5, 10),
        facts=[RECOVERED, *check_ins(shanghai(2, 20, 8), 14)],
    ),
    Example(
        "Liu Yang, at the minute",
        shanghai(3, 5, 10),
        GREEN,
        facts=[RECOVERED, *check_ins(shanghai(2, 20, 8), 14)],
    ),
    Example(
        "Chen Jie, who missed 1 March and began anew on the 2nd",
        shanghai(3, 14),
        RED,
        until=shanghai(3, 15, 8),
        next_change_at=shanghai(3, 15, 8),
        facts=[
            RECOVERED,
            *check_ins(shanghai(2, 20, 8), 10),
            *check_ins(shanghai(3, 2, 8), 14),
        ],
    ),
    Example(
        "Yang Lei, whose thirteenth check-in reports a cough: also yellow from then on",
        shanghai(3, 3, 12),
        RED,
        facts=[
            RECOVERED,
            *check_ins(shanghai(2, 20, 8), 12),
            check_in(shanghai(3, 3, 8), "symptoms"),
        ],
    ),
    Example(
        "Huang Xia, at home in Jianggan all the time, while it is orange",
        shanghai(2, 23),
        YELLOW,
        until=None,
        facts=[stay("330104", shanghai(1, 1), None)],
        levels=JIANGGAN,
        next_change_at=None,
    ),
    Example(
        "Zhao Jun, at home in Jianggan, seven check-ins from the 24th",
        shanghai(3, 1, 12),
        YELLOW,
        until=shanghai(3, 2),
        next_change_at=shanghai(3, 2),
        facts=[stay("330104", shanghai(1, 1), None), *check_ins(shanghai(2, 24, 8), 7)],
        levels=JIANGGAN,
    ),
    Example(
        "Wu Ting, who checked in while it was still orange: these do not count",
        shanghai(3, 1, 12),
        YELLOW,
        until=None,
        facts=[stay("330104", shanghai(1, 1), None), *check_ins(shanghai(2, 15, 8), 12)],
        levels=JIANGGAN,
        next_change_at=None,
    ),
    Example(
        "Zhou Qiang, gone before it became orange",
        shanghai(2, 10),
        GREEN,
        facts=[stay("330104", shanghai(1, 1), shanghai(2, 9))],
        levels=JIANGGAN,
    ),
    Example(
        "Xu Li, who came when it was blue",
        shanghai(2, 25),
        GREEN,
        facts=[stay("330104", shanghai(2, 24), None)],
        levels=JIANGGAN,
    ),
    Example(
        "Sun Hao, seen there at the very instant it became orange, for no time at all",
        shanghai(2, 10),
        YELLOW,
        facts=[stay("330104", shanghai(2, 9), shanghai(2, 9))],
        levels=JIANGGAN,
    ),
    Example(
        "Ma Lan, in a township of a red city",
        shanghai(2, 10),
        RED,
        facts=[stay("330382100", shanghai(2, 1), None)],
        levels=[
            level("3303", Level.RED, shanghai(2, 9), None),
            level("330382", Level.YELLOW, shanghai(2, 9), None),
        ],
    ),
    Example(
        "Zhu Rong, somewhere in a city one county of which is red",
        shanghai(2, 10),
        GREEN,
        facts=[stay("3303", shanghai(2, 1), None)],
        levels=[level("330382", Level.RED, shanghai(2, 9), None)],
    ),
    Example(
        "Hu Bin, back from abroad on 12 March, fourteen check-ins",
        shanghai(3, 26),
        RED,
        until=shanghai(3, 27),
        next_change_at=shanghai(3, 27),
        facts=[stay("00", shanghai(2, 1), shanghai(3, 13)), *check_ins(shanghai(3, 13, 8), 14)],
    ),
    Example(
        "Guo Yan, positive, two negatives a day apart within her fourteen days",
        shanghai(2, 20),
        RED,
        until=shanghai(2, 29, 9),
        next_change_at=shanghai(2, 29, 9),
        facts=[
            swab(shanghai(2, 15, 9), "positive"),
            swab(shanghai(2, 19, 9), "negative"),
            swab(shanghai(2, 20, 8), "negative"),
            swab(shanghai(2, 20, 9), "negative"),
        ],
    ),
    Example(
        "He Peng, whose second negative came 23 hours after the first, the third too late",
        shanghai(3, 1),
        RED,
        until=shanghai(3, 4, 7),
        next_change_at=shanghai(3, 4, 7),
        facts=[
            swab(shanghai(2, 15, 9), "positive"),
            swab(shanghai(2, 19, 9), "negative"),
            swab(shanghai(2, 20, 8), "negative"),
            swab(shanghai(3, 4, 7), "negative"),
        ],
    ),
    Example(
        "Gao Ying, negative before she was positive: that one counts for nothing",
        shanghai(3, 1),
        RED,
        facts=[
            swab(shanghai(2, 14, 9), "negative"),
            swab(shanghai(2, 15, 9), "positive"),
            swab(shanghai(2, 17, 9), "negative"),
        ],
    ),
    Example(
        "Lin Tao, feverish on the 10th, well for seven days",
        shanghai(2, 16, 20),
        YELLOW,
        until=shanghai(2, 17, 9),
        next_change_at=shanghai(2, 17, 9),
        facts=[declared(shanghai(2, 10, 9), "fever"), *check_ins(shanghai(2, 10, 10), 7)],
    ),
    Example(
        "Luo Hong, who says that she met a case",
        AT_THE_DOOR,
        RED,
        facts=[declared(shanghai(2, 10, 9), "contact_with_case")],
    ),
    Example(
        "Song Jia, who declared to be well",
        AT_THE_DOOR,
        GREEN,
        facts=[declared(shanghai(2, 10, 9))],
    ),
    Example(
        "Tang Wen, a close contact until the 10th and a contact of a contact until the 19th: "
        "the end is that of red, the next change that of either",
        AT_THE_DOOR,
        RED,
        until=shanghai(2, 25),
        next_change_at=shanghai(2, 25),
        facts=[
            fact(EvidenceKind.CONTACT, shanghai(2, 10), shanghai(2, 11), "close"),
            fact(EvidenceKind.CONTACT, shanghai(2, 18), shanghai(2, 20), "secondary"),
            *check_ins(shanghai(2, 11, 8), 18),
        ],
    ),
    Example(
        "Tang Wen, a week later: yellow is left",
        shanghai(2, 26),
        YELLOW,
        until=shanghai(2, 27),
        next_change_at=shanghai(2, 27),
        facts=[
            fact(EvidenceKind.CONTACT, shanghai(2, 10), shanghai(2, 11), "close"),
            fact(EvidenceKind.CONTACT, shanghai(2, 18), shanghai(2, 20), "secondary"),
            *check_ins(shanghai(2, 11, 8), 18),
        ],
    ),
    Example(
        "Deng Chao, who is going abroad tomorrow",
        AT_THE_DOOR,
        GREEN,
        next_change_at=shanghai(2, 21),
        facts=[stay("00", shanghai(2, 21), None)],
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.who)
def test_colour_and_its_end(example: Example) -> None:
    decision = decide(example.facts, DEFAULT, example.at, levels=example.levels)

    assert (decision.colour, decision.until, decision.next_change_at) == (
        example.colour,
        example.until,
        example.next_change_at,
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.who)
def test_the_order_of_evidence_does_not_matter(example: Example) -> None:
    forwards = decide(example.facts, DEFAULT, example.at, levels=example.levels)
    backwards = decide(example.facts[::-1], DEFAULT, example.at, levels=example.levels[::-1])

    assert forwards == backwards


def test_the_order_of_levels_does_not_matter() -> None:
    """One act makes a city and its county orange, so both reasons begin together."""
    facts = [stay("330104", shanghai(2, 10), None)]
    levels = [level(code, Level.ORANGE, shanghai(2, 9), None) for code in ("330104", "3301")]
    decided = decide(facts, DEFAULT, shanghai(2, 12), levels=levels)
    assert [reason.level_area for reason in decided.reasons] == ["3301", "330104"]
    assert decide(facts, DEFAULT, shanghai(2, 12), levels=levels[::-1]) == decided


def test_a_signal_says_where_it_comes_from() -> None:
    home = stay("330104", shanghai(1, 1), None)
    orange = LevelPeriod("330104", Level.ORANGE, shanghai(2, 9), shanghai(2, 24), act=77)

    (signal,) = decide([home], DEFAULT, shanghai(2, 25), levels=[orange]).reasons

    assert signal.rule.name == "orange-area"
    assert (signal.policy, signal.evidence, signal.act) == (DEFAULT.version, home.id, 77)
    assert (signal.area, signal.level) == ("330104", Level.ORANGE)
    assert (signal.starts, signal.exposed_until) == (shanghai(2, 9), shanghai(2, 24))
    assert signal.holds_until == shanghai(3, 2)


@pytest.mark.parametrize(
    ("today", "done"),
    [
        pytest.param(shanghai(2, 19, 12), 0, id="before recovery"),
        pytest.param(shanghai(2, 20, 12), 1, id="on the day"),
        pytest.param(shanghai(2, 22, 7), 2, id="before today's, which may still come"),
        pytest.param(shanghai(2, 22, 9), 3, id="after today's"),
        pytest.param(shanghai(2, 23, 23), 3, id="today's is still due"),
        pytest.param(shanghai(2, 24, 0), 0, id="a day was missed"),
        pytest.param(shanghai(2, 26, 9), 1, id="begun anew"),
    ],
)
def test_how_many_check_ins_are_done(today: datetime, done: int) -> None:
    """Somebody checks in on the 20th, 21st and 22nd, and again on the 26th."""
    facts = [RECOVERED, *check_ins(shanghai(2, 20, 8), 3), check_in(shanghai(2, 26, 8))]
    # This is what was known by then.
    known = [one for one in facts if one.starts <= today]

    (signal,) = decide(known, DEFAULT, today).reasons

    assert (signal.done, signal.needed) == (done, 14)

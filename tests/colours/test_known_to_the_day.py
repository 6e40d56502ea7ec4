"""A fact known only to the day counts at the day's end if it reddens, at its start if it releases.

Nobody gains by an hour that nobody knows, and two tests of one sample do not count twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcode.areas.models import Level
from healthcode.colours.decide import LevelPeriod, decide
from healthcode.colours.policy import RuleSet, parse
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact
from healthcode.web.days import day_of, span_of_day
from tests.colours import world
from tests.colours.world import shanghai

GREEN, YELLOW, RED = Colour
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
# Long enough after everything for all holds to have passed.
AT = shanghai(3, 20, 12)
_ids = count(1)


def fact(
    kind: EvidenceKind, starts: datetime, ends: datetime | None, *traits: str, area: str = ""
) -> Fact:
    return Fact(next(_ids), kind, starts, ends, area or None, traits, None)


def swab(result: str, day: int, hour: int | None = None, minute: int = 0) -> Fact:
    """A test on a day of February 2020; without an hour it is known only to the day."""
    if hour is None:
        return fact(EvidenceKind.TEST, *span_of_day(shanghai(2, day).date()), result)
    at = shanghai(2, day, hour, minute)
    return fact(EvidenceKind.TEST, at, at, result)


POSITIVE, NEGATIVE, RAPID = "positive", "negative", "antigen_negative"


@dataclass(frozen=True)
class Sampled:
    what: str
    tests: list[Fact]
    colour: Colour


EXAMPLES = [
    Sampled(
        "a positive of the day on which the second negative was taken may have come after it",
        [swab(NEGATIVE, 15, 7), swab(POSITIVE, 15), swab(NEGATIVE, 14, 8)],
        RED,
    ),
    Sampled(
        "two negatives after the day of the positive",
        [swab(POSITIVE, 15), swab(NEGATIVE, 16, 0), swab(NEGATIVE, 17, 0)],
        GREEN,
    ),
    Sampled(
        "the first of them a moment before that day was over",
        [swab(POSITIVE, 15), swab(NEGATIVE, 15, 23, 59), swab(NEGATIVE, 17, 0)],
        RED,
    ),
    Sampled(
        "a negative of the positive's own day",
        [swab(POSITIVE, 15, 9), swab(NEGATIVE, 15), swab(NEGATIVE, 17, 9)],
        RED,
    ),
    Sampled(
        "both known to the day",
        [swab(POSITIVE, 15), swab(NEGATIVE, 15), swab(NEGATIVE, 17)],
        RED,
    ),
    Sampled(
        "two dates next to each other prove no 24 hours",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 15)],
        RED,
    ),
    Sampled(
        "nor does one date sent twice",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 14)],
        RED,
    ),
    Sampled(
        "two dates with a day between them do",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 16)],
        GREEN,
    ),
    Sampled(
        "a date, and an instant less than 24 hours after that day",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 15, 23, 59)],
        RED,
    ),
    Sampled(
        "a date, and an instant 24 hours after that day",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 16, 0)],
        GREEN,
    ),
    Sampled(
        "an instant, and the date of the day after",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14, 0, 1), swab(NEGATIVE, 15)],
        RED,
    ),
    Sampled(
        "a date does not stand in the way of two instants that are far enough apart",
        [swab(POSITIVE, 10, 9), swab(NEGATIVE, 14), swab(NEGATIVE, 14, 8), swab(NEGATIVE, 15, 9)],
        GREEN,
    ),
    Sampled(
        "a second look at the same swab found nothing",
        [swab(POSITIVE, 14, 8), swab(NEGATIVE, 14, 8), swab(NEGATIVE, 15, 8)],
        RED,
    ),
    Sampled(
        "another swab a minute later",
        [swab(POSITIVE, 14, 8), swab(NEGATIVE, 14, 8, 1), swab(NEGATIVE, 15, 8, 1)],
        GREEN,
    ),
    Sampled(
        "the same negative three times counts once",
        [swab(POSITIVE, 10, 9), *(swab(NEGATIVE, 14, 8) for _ in range(3))],
        RED,
    ),
    Sampled(
        "rapid tests release nobody",
        [swab(POSITIVE, 10, 9), swab(RAPID, 14, 8), swab(RAPID, 16, 8)],
        RED,
    ),
    Sampled(
        "a positive that is told of after the two negatives that followed it",
        [swab(NEGATIVE, 18, 9), swab(NEGATIVE, 17, 9), swab(POSITIVE, 1, 9)],
        GREEN,
    ),
    Sampled("the same positive alone", [swab(POSITIVE, 1, 9)], RED),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.what)
def test_tests_of_which_some_are_known_to_the_day(example: Sampled) -> None:
    assert decide(example.tests, world.DEFAULT, AT).colour is example.colour
    assert decide(example.tests[::-1], world.DEFAULT, AT).colour is example.colour


def test_the_hold_of_a_day_counts_from_its_end_and_the_colour_from_its_begin() -> None:
    negatives = [swab(NEGATIVE, 16, 9), swab(NEGATIVE, 17, 9)]
    positive = swab(POSITIVE, 15)

    def colour(at: datetime) -> Colour:
        return decide([positive, *negatives], world.DEFAULT, at).colour

    assert colour(shanghai(2, 15) - INSTANT) is GREEN
    assert colour(shanghai(2, 15)) is RED
    assert colour(shanghai(3, 1) - INSTANT) is RED
    assert colour(shanghai(3, 1)) is GREEN


def test_a_doubtful_contact_of_12_minutes_leaves_everybody_green() -> None:
    """Under both shipped policies. In any other, no rule for contacts may fit it (test_policy)."""
    at = shanghai(3, 19, 12)
    met = fact(EvidenceKind.CONTACT, at, at + timedelta(minutes=12), "doubtful")
    version_1 = parse(world.VERSION_1.read_text(encoding="utf-8"))

    assert decide([met], world.DEFAULT, AT).colour is GREEN
    assert decide([met], version_1, AT).colour is GREEN


@dataclass(frozen=True)
class Story:
    """Draw what really happened to a person, with only the day where nobody knows more."""

    true: list[Fact]
    known: list[Fact]


CODES = ("330102", "330106")
LEVELS = [
    LevelPeriod(CODES[0], Level.RED, shanghai(2, 3, 12), shanghai(2, 6, 8), act=1),
    LevelPeriod(CODES[1], Level.ORANGE, shanghai(2, 2), shanghai(2, 5), act=2),
]


@settings(max_examples=400)
@given(seed=st.integers(0, 2**32 - 1))
def test_nobody_is_better_off_when_less_is_known(seed: int) -> None:
    """In the end, the colour by days is no lighter than the colour by exact times."""
    draw = Random(seed)
    story = _story(draw)
    policy = _briefer(draw)

    at = shanghai(2, 12) + timedelta(hours=draw.randint(0, 24 * 12))

    by_day = decide(story.known, policy, at, levels=LEVELS).colour
    assert by_day >= decide(story.true, policy, at, levels=LEVELS).colour


def _briefer(draw: Random) -> RuleSet:
    """Return the shipped rules with short holds and few check-ins, so that releases happen."""
    return replace(
        world.DEFAULT,
        rules=tuple(
            replace(rule, hold=draw.randint(0, 5) * DAY)
            if rule.evidence is EvidenceKind.TEST
            else replace(rule, hold=draw.randint(0, 5) * DAY, release=None)
            for rule in world.DEFAULT.rules
        ),
    )


def _story(draw: Random) -> Story:
    true = [_happened(draw) for _ in range(draw.randint(1, 7))]
    return Story(true, [_as_known(draw, one) for one in true])


def _happened(draw: Random) -> Fact:
    """Draw a time in the first ten days of February, often the same ones."""
    starts = shanghai(2, draw.randint(1, 9), draw.choice([0, 8, 8, 23]))
    if draw.random() < 0.7:
        return fact(EvidenceKind.TEST, starts, starts, draw.choice([POSITIVE, NEGATIVE, NEGATIVE]))
    ends = starts + timedelta(hours=draw.choice([1, 12, 24, 40]))
    if draw.random() < 0.7:
        return fact(EvidenceKind.STAY, starts, ends, area=draw.choice(CODES))
    return fact(EvidenceKind.CONTACT, starts, ends, draw.choice(["close", "casual"]))


def _as_known(draw: Random, one: Fact) -> Fact:
    """Widen one or both ends of the fact to their days. An instant has only one end."""
    assert one.ends is not None
    first, last = (draw.random() < 0.5 for _ in range(2))
    if one.starts == one.ends:
        last = first
    starts = span_of_day(day_of(one.starts))[0] if first else one.starts
    whole = span_of_day(day_of(max(one.starts, one.ends - INSTANT)))[1]
    return replace(one, starts=starts, ends=whole if last else one.ends)

"""Decide a person's colour and give the reasons. All other ways of deciding must agree with this.

This module reads neither the database nor the clock: facts and time are arguments. The SQL in
`healthcode.colours.sql` does the same for many people at once, and a property test compares the
two. docs/reference/policy.md describes the rules in words.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from healthcode.areas.models import Level
from healthcode.areas.successors import Carries
from healthcode.colours.policy import CheckIns, NegativeTests, Rule, RuleSet
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact
from healthcode.evidence.traits import Trait
from healthcode.web.days import day_of

DAY: Final = timedelta(days=1)
INSTANT: Final = timedelta(microseconds=1)
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
NOTHING_CARRIED: Final[Carries] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LevelPeriod:
    """The level that an act gave an area over a half-open period; no `ends` while it goes on."""

    area: str
    level: Level
    starts: datetime
    ends: datetime | None
    act: int


@dataclass(frozen=True, slots=True)
class Signal:
    """The result of applying one rule to one fact: a colour over a period.

    If the rule asks for risk levels, there is one signal for each of them that counts in the fact's
    area. `level_area` is the area that has this level. This area contains `area` (the fact's area),
    or is another code for the same land.

    The signal is active from `starts` until `ends`; `ends` is None if not known yet.
    `exposed_until` is when the exposure ended; it is None while the exposure goes on. The rule's
    `hold`, the least time for which the colour lasts afterwards, is counted from `exposed_until`.
    `done` is how many check-ins or negative tests counted towards the release at the time of the
    decision.
    """

    rule: Rule
    policy: int
    evidence: int
    area: str | None
    level: Level | None
    level_area: str | None
    act: int | None
    starts: datetime
    exposed_until: datetime | None
    ends: datetime | None
    done: int

    @property
    def colour(self) -> Colour:
        """Return the colour that this signal asks for."""
        return self.rule.colour

    @property
    def holds_until(self) -> datetime | None:
        """Return when the hold ends, whatever else is missing; None while the exposure goes on."""
        return None if self.exposed_until is None else self.exposed_until + self.rule.hold

    @property
    def needed(self) -> int:
        """Return how many check-ins or negative tests release the signal; 0 if time alone does."""
        return 0 if self.rule.release is None else self.rule.release.count

    def active(self, at: datetime) -> bool:
        """Return whether the signal is active at `at`."""
        return self.starts <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's colour at one time, the active signals behind it, and when it changes next.

    `reasons` are the active signals, the gravest first. `until` is when the last signal of this
    colour ends. It is None for green, and also if one of these signals has no known end.
    `next_change_at` is the next time at which a signal starts or ends without any new fact.
    """

    colour: Colour
    policy: int
    until: datetime | None
    reasons: tuple[Signal, ...]
    next_change_at: datetime | None


def decide(
    facts: Sequence[Fact],
    policy: RuleSet,
    at: datetime,
    *,
    levels: Sequence[LevelPeriod] = (),
    carries: Carries = NOTHING_CARRIED,
) -> Decision:
    """Decide which colour a person has at the time `at` under `policy`.

    Args:
        facts: all facts about the person that are not withdrawn, in any order.
        at: an aware datetime; facts that start later do not count yet.
        levels: the level periods of all areas whose levels can count for the person's stays, in any
            order.
        carries: for the code of an area, the other codes of its land. The levels and rules of the
            area also count for stays under these codes.
    """
    record = _Record(facts)
    found = [
        record.signal(exposure, policy.version, at)
        for exposure in _exposures(facts, policy, levels, carries)
    ]
    active = sorted(
        (signal for signal in found if signal.active(at)),
        key=lambda signal: (-signal.colour, signal.starts, signal.evidence, signal.act or 0),
    )
    colour = active[0].colour if active else Colour.GREEN
    boundaries = {s.starts for s in found} | {s.ends for s in found if s.ends is not None}
    return Decision(
        colour=colour,
        policy=policy.version,
        until=_last_end(signal for signal in active if signal.colour is colour),
        reasons=tuple(active),
        next_change_at=min((instant for instant in boundaries if instant > at), default=None),
    )


@dataclass(frozen=True, slots=True)
class _Exposure:
    """A rule that fits a fact, and the period in which it does."""

    rule: Rule
    fact: Fact
    starts: datetime
    ends: datetime | None
    period: LevelPeriod | None = None


@dataclass(frozen=True, slots=True)
class _Coverage:
    """Where and when an area's level or a rule counts; see `Carry`."""

    place: str
    since: datetime
    until: datetime | None
    stayed_before: datetime | None
    period: LevelPeriod | None = None

    def covers(self, fact: Fact) -> bool:
        """Return whether it counts for a stay, without regard to time."""
        before = self.stayed_before
        return (fact.area or "").startswith(self.place) and (before is None or fact.starts < before)


_EVERYWHERE: Final = _Coverage("", LONG_AGO, None, None)


def _exposures(
    facts: Sequence[Fact], policy: RuleSet, levels: Sequence[LevelPeriod], carries: Carries
) -> Iterator[_Exposure]:
    # One act may set the levels of a city and of its county. Reasons that begin together then keep
    # one order, however the levels were read.
    in_order = sorted(levels, key=lambda period: (period.area, period.starts))
    of_levels = [each for period in in_order for each in _coverages_of(period, carries)]
    rules = [(rule, _by_area(rule, carries), _by_level(rule, of_levels)) for rule in policy.rules]
    for fact in facts:
        for rule, by_area, by_level in rules:
            if not _fits(rule, fact):
                continue
            covering = [each for each in by_level if each.covers(fact)]
            for since in dict.fromkeys(each.since for each in by_area if each.covers(fact)):
                yield from _exposures_within(rule, fact, since, covering)


def _fits(rule: Rule, fact: Fact) -> bool:
    return rule.evidence == fact.kind and (
        not rule.traits or not rule.traits.isdisjoint(fact.traits)
    )


def _coverages_of(period: LevelPeriod, carries: Carries) -> Iterator[_Coverage]:
    """Yield where a level counts: in its own area, and in places that `carries` adds."""
    yield _Coverage(period.area, period.starts, period.ends, None, period)
    for carry in carries.get(period.area, ()):
        starts = max(period.starts, carry.since)
        is_meant = carry.said_before is None or period.starts < carry.said_before
        if is_meant and (period.ends is None or starts < period.ends):
            yield _Coverage(carry.place, starts, period.ends, carry.stayed_before, period)


def _by_area(rule: Rule, carries: Carries) -> Sequence[_Coverage]:
    """Return where a rule holds: in the areas that it names, and in places that `carries` adds."""
    if not rule.areas:
        return [_EVERYWHERE]
    carried = [
        _Coverage(carry.place, carry.since, None, carry.stayed_before)
        for area in rule.areas
        for carry in carries.get(area, ())
        if carry.said_before is None
    ]
    return [*(_Coverage(area, LONG_AGO, None, None) for area in rule.areas), *carried]


def _by_level(rule: Rule, of_levels: Sequence[_Coverage]) -> Sequence[_Coverage]:
    """Return the levels that a rule asks for; one that counts everywhere if it asks for none."""
    if not rule.levels:
        return [_EVERYWHERE]
    return [each for each in of_levels if each.period and each.period.level in rule.levels]


def _exposures_within(
    rule: Rule, fact: Fact, since: datetime, coverages: Sequence[_Coverage]
) -> Iterator[_Exposure]:
    """Yield an exposure for each of `coverages` that shares time with the fact.

    All periods are half-open. A stay without length counts as one instant.
    """
    for coverage in coverages:
        starts = max(since, coverage.since)
        if (coverage.until is None or max(starts, fact.starts) < coverage.until) and (
            fact.ends is None or fact.ends > starts or fact.starts >= starts
        ):
            ends = _earlier(fact.ends, coverage.until)
            yield _Exposure(rule, fact, max(fact.starts, starts), ends, coverage.period)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((instant for instant in (one, other) if instant is not None), default=None)


def _last_end(signals: Iterable[Signal]) -> datetime | None:
    ends = [signal.ends for signal in signals]
    known = [instant for instant in ends if instant is not None]
    return max(known, default=None) if len(known) == len(ends) else None


def _counts_from(starts: datetime, ends: datetime) -> datetime:
    """Return from when on a test or check-in counts as after an exposure.

    A second test of the same sample does not.
    """
    return ends if starts < ends else ends + INSTANT


class _Record:
    """A person's healthy check-ins and negative tests, in order.

    If only the day of a test is known, the sample may have been taken at any hour of that day.
    Tests are sorted by the latest time at which the sample can have been taken. With this order,
    the longest series of tests that are far enough apart is found.
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        # Of two check-ins on one day, under two documents, the first counts.
        self.check_ins = {
            fact.day: fact.starts
            for fact in sorted(facts, key=lambda fact: fact.starts, reverse=True)
            if fact.kind == EvidenceKind.CHECK_IN and Trait.HEALTHY in fact.traits and fact.day
        }
        self.days = sorted(self.check_ins)
        self.tests = sorted(
            (fact.ends, fact.starts)
            for fact in facts
            if fact.kind == EvidenceKind.TEST and Trait.NEGATIVE in fact.traits and fact.ends
        )

    def signal(self, exposure: _Exposure, policy: int, at: datetime) -> Signal:
        """Return the signal of an exposure, with its end and the progress of its release."""
        rule, period = exposure.rule, exposure.period
        released, done = self._release(exposure, at)
        ends = None
        if exposure.ends is not None and released is not None:
            ends = max(exposure.ends + rule.hold, released)
        return Signal(
            rule=rule,
            policy=policy,
            evidence=exposure.fact.id,
            area=exposure.fact.area,
            level=period.level if period else None,
            level_area=period.area if period else None,
            act=period.act if period else None,
            starts=exposure.starts,
            exposed_until=exposure.ends,
            ends=ends,
            done=done,
        )

    def _release(self, exposure: _Exposure, at: datetime) -> tuple[datetime | None, int]:
        """Return when the release was met (None: not yet), and how many counted for it by `at`."""
        if exposure.ends is None:
            return None, 0
        match exposure.rule.release:
            case CheckIns(count):
                return self._check_ins(exposure.ends, count, at)
            case NegativeTests(count, hours_apart):
                since = _counts_from(exposure.starts, exposure.ends)
                return self._negative_tests(since, count, timedelta(hours=hours_apart), at)
            case None:
                return exposure.ends, 0

    def _check_ins(self, since: datetime, count: int, at: datetime) -> tuple[datetime | None, int]:
        days = self.days[bisect_left(self.days, day_of(since)) :]
        released = None
        run = 0
        for n, day in enumerate(days):
            run = run + 1 if n and day == days[n - 1] + DAY else 1
            if run == count:
                released = self.check_ins[day]
                break
        if released is not None and released <= at:
            return released, count
        return released, _current_run(days, day_of(at))

    def _negative_tests(
        self, since: datetime, count: int, apart: timedelta, at: datetime
    ) -> tuple[datetime | None, int]:
        counted: list[datetime] = []
        earliest = since
        for ends, starts in self.tests:
            if starts >= earliest:
                counted.append(starts)
                earliest = ends + apart
            if len(counted) == count:
                break
        released = counted[-1] if len(counted) == count else None
        return released, sum(sampled <= at for sampled in counted)


def _current_run(days: Sequence[date], today: date) -> int:
    """Return the length of the run of consecutive days that reaches today or yesterday."""
    done = [day for day in days if day <= today]
    if not done or done[-1] < today - DAY:
        return 0
    run = 1
    for before, day in pairwise(done):
        run = run + 1 if day == before + DAY else 1
    return run

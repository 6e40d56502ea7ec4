"""Put signals into words for the person they are about, in Chinese and in English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Final

from django.utils.translation import get_language

from healthcode.areas.models import Level
from healthcode.colours.decide import Signal
from healthcode.colours.origins import KnownFact, Origin, PublicAct
from healthcode.colours.policy import CheckIns, NegativeTests
from healthcode.core import Colour
from healthcode.web.days import (
    day_of,
    is_chinese,
    is_midnight,
    write_clock,
    write_day,
    write_instant,
)

LEVEL_NAMES: Final[Mapping[Level, Mapping[str, str]]] = {
    Level.GREEN: {"zh": "低风险（绿）", "en": "low (green)"},
    Level.BLUE: {"zh": "较低风险（蓝）", "en": "lower-medium (blue)"},
    Level.YELLOW: {"zh": "中风险（黄）", "en": "medium (yellow)"},
    Level.ORANGE: {"zh": "较高风险（橙）", "en": "higher (orange)"},
    Level.RED: {"zh": "高风险（红）", "en": "high (red)"},
}
STILL: Final = {"zh": "今", "en": "today"}
INSTANT: Final = timedelta(microseconds=1)
NO_PLACE: Final = {"zh": "地点不详", "en": "place not known"}
ATTESTED: Final = {
    "zh": "依据是{country}签发的欧盟数字新冠证书。",
    "en": " This is based on an EU certificate from {country}.",
}

COUNTED: Final = {"zh": "{counted}", "en": " {counted}"}
OTHER_CODE: Final = {
    "zh": "这里至少有一部分现在或从前属于{where}，所以按{where}的风险等级来定。",
    "en": "At least part of this place belongs or belonged to {where}, so the risk level of "
    "{where} applies.",
}

PlaceName = Mapping[str, str]
"""Where something was, in both languages."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What releases a signal: `done` of `needed` check-ins or negative tests count so far."""

    kind: str
    done: int
    needed: int
    hours_apart: int | None = None


@dataclass(frozen=True, slots=True)
class ColourReason:
    """An active signal in words: a sentence in both languages, its period, and what is missing.

    `until` is when the signal ends (None while not known). `holds_until` is when its hold ends
    (None while the exposure goes on). The signal comes from `evidence`, which `origin` reported,
    and from `act`, which published the risk level. `public_act` is the act by which the reason
    counts: this one, or else the act that recorded the evidence, if any. `rule` and `policy` say
    which rule gave it.
    """

    rule: str
    policy: int
    colour: Colour
    zh: str
    en: str
    starts: datetime
    exposed_until: datetime | None
    holds_until: datetime | None
    until: datetime | None
    evidence: int
    area: str | None
    area_name: str | None
    level: Level | None
    act: int | None
    origin: Origin
    public_act: PublicAct | None
    needs: Needs | None

    @property
    def text(self) -> str:
        """Return the sentence in the language of the request."""
        return self.zh if is_chinese(get_language()) else self.en


def reasons_of(
    signals: Sequence[Signal],
    names: Mapping[str, str],
    facts: Mapping[int, KnownFact],
    public_acts: Mapping[int, PublicAct],
    counted: Mapping[int, PlaceName] = MappingProxyType({}),
) -> tuple[ColourReason, ...]:
    """Return `signals` as reasons, in the same order.

    If several maps in a row confirm the level of an area, one stay has several signals. They become
    one reason.

    Args:
        names: names of areas, by code.
        facts: what is told of the facts, by number of the evidence.
        public_acts: the acts of the signals and of the facts, by number.
        counted: why the level of another area counts, by number of the evidence.
    """
    together = sorted(
        enumerate(signals), key=lambda item: (_key(item[1]), _late(item[1]), item[1].starts)
    )
    merged = []
    for _, group in groupby(together, key=lambda item: _key(item[1])):
        same = list(group)
        first = min(n for n, _ in same)
        starts = min(signal.starts for _, signal in same)
        last = same[-1][1]
        fact = facts[last.evidence]
        added = _added(fact.country, counted.get(last.evidence))
        number = fact.act if last.act is None else last.act
        public_act = None if number is None else public_acts.get(number)
        merged.append((first, _reason(last, starts, names, fact, public_act, added)))
    return tuple(reason for _, reason in sorted(merged, key=lambda item: item[0]))


def _key(signal: Signal) -> tuple[str, int, int]:
    return signal.rule.name, signal.evidence, -1 if signal.level is None else signal.level


def _late(signal: Signal) -> tuple[bool, float]:
    """Return a key that sorts signals by the end of their exposure, those that go on last."""
    ended = signal.exposed_until
    return ended is None, ended.timestamp() if ended else 0.0


def _reason(
    signal: Signal,
    starts: datetime,
    names: Mapping[str, str],
    fact: KnownFact,
    public_act: PublicAct | None,
    added: PlaceName,
) -> ColourReason:
    where = fact.place or NO_PLACE
    area_name = names.get(signal.area, signal.area) if signal.area else None
    zh, en = (
        signal.rule.reason[language].format(
            area=area_name or "",
            level="" if signal.level is None else LEVEL_NAMES[signal.level][language],
            first_day=write_day(day_of(starts), language),
            last_day=_last_day(starts, signal.exposed_until, language),
            when=_when(starts, signal.exposed_until, language),
            place=where[language],
        )
        + added[language]
        for language in ("zh", "en")
    )
    return ColourReason(
        rule=signal.rule.name,
        policy=signal.policy,
        colour=signal.colour,
        zh=zh,
        en=en,
        starts=starts,
        exposed_until=signal.exposed_until,
        holds_until=signal.holds_until,
        until=signal.ends,
        evidence=signal.evidence,
        area=signal.area,
        area_name=area_name,
        level=signal.level,
        act=signal.act,
        origin=fact.origin,
        public_act=public_act,
        needs=_needs(signal),
    )


def _added(country: str | None, counted: PlaceName | None) -> PlaceName:
    """Return what the rule's sentence leaves out: who attests it, why another level counts."""
    return {
        language: (ATTESTED[language].format(country=country) if country else "")
        + (COUNTED[language].format(counted=counted[language]) if counted else "")
        for language in ("zh", "en")
    }


def _needs(signal: Signal) -> Needs | None:
    match signal.rule.release:
        case CheckIns(count):
            return Needs("check_ins", signal.done, count)
        case NegativeTests(count, hours_apart):
            return Needs("negative_tests", signal.done, count, hours_apart)
        case None:
            return None


def _last_day(starts: datetime, exposed_until: datetime | None, language: str) -> str:
    if exposed_until is None:
        return STILL[language]
    # Periods are half-open: an exposure that ended at midnight was last there on the day before.
    return write_day(day_of(max(starts, exposed_until - INSTANT)), language)


def _when(starts: datetime, ends: datetime | None, language: str) -> str:
    """Return a period to the minute. If it ends at midnight, name the day that is over.

    If a time is known only to the day, the text names no hour.
    """
    to = {"zh": "至", "en": " to "}[language]
    first, last = write_day(day_of(starts), language), _last_day(starts, ends, language)
    is_whole = is_midnight(starts) and (ends is None or is_midnight(ends)) and starts != ends
    if ends is None or is_whole:
        return first if first == last else f"{first}{to}{last}"
    if day_of(starts) == day_of(ends):
        return write_instant(starts, language) + (
            f"{to}{write_clock(ends)}" if starts != ends else ""
        )
    if not is_midnight(starts):
        first = write_instant(starts, language)
    if not is_midnight(ends) or day_of(starts) == day_of(ends - INSTANT):
        last = write_instant(ends, language)
    return f"{first}{to}{last}"

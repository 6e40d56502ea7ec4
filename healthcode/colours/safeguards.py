"""Read what a policy says against the misuse of power: second persons, alarms, sources.

docs/reference/policy.md specifies the sections. Each section and each field may be left out of a
file; then the value of the shipped policy holds, so that no file switches a safeguard off by
saying nothing.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from accounts.models import OF_MACHINES, OF_PEOPLE
from healthcode.acts.kinds import CAN_WAIT, ActKind
from healthcode.acts.second_person import SecondPerson
from healthcode.colours.mistakes import TableReader
from healthcode.evidence.models import EvidenceKind

MANY: Final = 1_000_000
DAY_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class AlarmFigures:
    """The figures of the alarm about people who turn red together.

    More than `people` people within `minutes` raise it if they are also more than `times_median`
    times the median of their area in the last `median_days` days. The area above is told when
    nobody has answered for `told_above_after_minutes`.
    """

    people: int
    minutes: int
    times_median: int
    median_days: int
    told_above_after_minutes: int


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """How many lines a day that make somebody red a source may report, unless its grant differs."""

    reddening_lines_a_day: int


@dataclass(frozen=True, slots=True)
class Safeguards:
    """The three sections together."""

    second_person: SecondPerson
    alarm: AlarmFigures
    sources: SourceLimits


Section = TypeVar("Section", SecondPerson, AlarmFigures, SourceLimits)

KINDS: Final = frozenset(
    [
        *(kind.value for kind, can_wait in CAN_WAIT.items() if can_wait),
        *(f"{ActKind.EVIDENCE_WITHDRAWN.value}:{kind}" for kind in EvidenceKind.values),
        *(
            f"{kind.value}:{role.value}"
            for kind in (ActKind.STAFF_GRANTED, ActKind.PASSWORD_RESET)
            for role in sorted(OF_PEOPLE | OF_MACHINES)
        ),
    ]
)
"""What `second_person.kinds` may name: kinds of acts, some with what they are about."""

SHIPPED: Final = Safeguards(
    SecondPerson(
        people=10,
        hours=24,
        kinds=frozenset(
            {
                *("evidence-withdrawn:case", "policy-published"),
                *("staff-granted:officer", "staff-granted:administrator"),
                *("password-reset:officer", "password-reset:administrator"),
            }
        ),
        dated_before_days=1,
    ),
    AlarmFigures(people=5, minutes=60, times_median=3, median_days=14, told_above_after_minutes=30),
    SourceLimits(reddening_lines_a_day=20),
)
"""The sections of the shipped policy. They hold where a file says nothing."""

BOUNDS: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "second_person": {"people": (0, MANY), "hours": (1, 168), "dated_before_days": (0, 365)},
    "alarm": {
        "people": (0, MANY),
        "minutes": (1, DAY_MINUTES),
        "times_median": (1, 100),
        "median_days": (1, 28),
        "told_above_after_minutes": (1, DAY_MINUTES),
    },
    "sources": {"reddening_lines_a_day": (0, MANY)},
}
"""The sections with their whole numbers: the least and the most."""


def read_safeguards(reader: TableReader, document: Mapping[str, Any]) -> Safeguards:
    """Return what the document says, with the shipped values where it says nothing."""
    second_person = _section(reader, document, "second_person", SHIPPED.second_person, {"kinds"})
    return Safeguards(
        replace(second_person, kinds=_kinds(reader, document)),
        _section(reader, document, "alarm", SHIPPED.alarm),
        _section(reader, document, "sources", SHIPPED.sources),
    )


def _section(
    reader: TableReader,
    document: Mapping[str, Any],
    name: str,
    shipped: Section,
    others: Set[str] = frozenset(),
) -> Section:
    """Return `shipped` with the whole numbers that the section gives; `others` are its fields."""
    table = document.get(name, {})
    if not isinstance(table, dict):
        reader.mistake(name, f"write it as a table, [{name}]")
        return shipped
    bounds, within = BOUNDS[name], f"{name}."
    reader.unknown(table, frozenset(bounds) | others, within)
    given: dict[str, Any] = {
        field: reader.whole(table, field, least, most, within)
        for field, (least, most) in bounds.items()
        if field in table
    }
    return replace(shipped, **given)


def _kinds(reader: TableReader, document: Mapping[str, Any]) -> frozenset[str]:
    table = document.get("second_person")
    if not isinstance(table, dict) or "kinds" not in table:
        return SHIPPED.second_person.kinds
    if table["kinds"] == []:
        return frozenset()
    return reader.words(table, "kinds", KINDS, "second_person.")

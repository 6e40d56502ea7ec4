"""Whatever lines a source sends, exactly the correct ones are stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcode.evidence.models import Evidence
from healthcode.evidence.ndjson import NumberedLine
from healthcode.sources.evidence import report_evidence
from healthcode.web.days import SHANGHAI, day_of
from tests.evidence.conftest import World

TODAY = date(2020, 3, 1)
NOON = datetime(2020, 3, 1, 12, tzinfo=SHANGHAI)
AREAS = {"330106": "330106", "330203": "330203", "330200": "3302", "999999": None, "33010": None}
LONGEST = 60


@dataclass(frozen=True)
class Drawn:
    """A generated line: `holder` chooses a person (2: nobody), days count back from today."""

    holder: int
    area: str
    first: int
    last: int | None
    reference: str | None

    @property
    def right(self) -> bool:
        """Return whether the line by itself is correct."""
        if self.holder == 2 or AREAS[self.area] is None or self.first < 0:
            return False
        if self.last is None:
            return self.first < LONGEST
        return 0 <= self.last <= self.first and self.first - self.last < LONGEST

    @property
    def place(self) -> tuple[int, str | None, int]:
        """Return what must be equal in two lines with the same reference."""
        return self.holder, AREAS[self.area], self.first

    def value(self, people: list[int]) -> dict[str, Any]:
        """Return the line as it is sent."""
        line: dict[str, Any] = {
            "person": people[self.holder],
            "area": self.area,
            "from": (TODAY - timedelta(days=self.first)).isoformat(),
        }
        if self.last is not None:
            line["to"] = (TODAY - timedelta(days=self.last)).isoformat()
        if self.reference is not None:
            line["reference"] = self.reference
        return line


DRAWN = st.builds(
    Drawn,
    holder=st.sampled_from([0, 0, 1, 1, 2]),
    area=st.sampled_from(list(AREAS)[:3] * 3 + list(AREAS)),
    first=st.sampled_from([0, 1, 2, 3, 30, 59, 60, 61, 70, -1]),
    last=st.sampled_from([None, None, 0, 1, 2, 3, 10, -1]),
    reference=st.sampled_from([None, "a", "b", "c"]),
)


def expected(
    lines: list[Drawn],
) -> tuple[list[bool], list[tuple[int, str | None, int, int | None]]]:
    """Return which lines should be accepted, and what should be stored in the end."""
    accepted: list[bool] = []
    stored: list[list[Any]] = []
    by_reference: dict[str, list[Any]] = {}
    for line in lines:
        there = by_reference.get(line.reference) if line.reference else None
        if not line.right:
            accepted.append(False)
        elif there is None:
            row = [*line.place, line.last]
            stored.append(row)
            if line.reference:
                by_reference[line.reference] = row
            accepted.append(True)
        else:
            same = tuple(there[:3]) == line.place
            agree = None in (there[3], line.last) or there[3] == line.last
            accepted.append(same and agree)
            if same and there[3] is None:
                there[3] = line.last
    return accepted, sorted((tuple(row) for row in stored), key=repr)


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what the block stored, so that each example starts from the same state."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(DRAWN, max_size=12))
def test_exactly_the_right_lines_are_stored(world: World, lines: list[Drawn]) -> None:
    people = [world.person.pk, world.child.pk, 10**12]
    accepted, stored = expected(lines)
    with undone():
        report = report_evidence(
            source=world.source,
            kind="stays",
            lines=[NumberedLine(n, line.value(people)) for n, line in enumerate(lines, start=1)],
            at=NOON.astimezone(UTC),
        )
        found = [
            (people.index(fact.person_id), fact.area_id, _back(fact.starts), _last(fact.ends))
            for fact in Evidence.objects.all()
        ]
    assert [result.problem is None for result in report.results] == accepted
    assert sorted(found, key=repr) == stored
    assert report.accepted == sum(accepted)
    assert (report.recomputation is None) == (not stored)


def _back(instant: datetime) -> int:
    return (TODAY - day_of(instant)).days


def _last(ends: datetime | None) -> int | None:
    return None if ends is None else _back(ends) + 1

"""Tracing: from cases to whom they met, beside reading the rows that have to be read."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import django

from tests.bench.figures import Figure, Goal, alternate, timed
from tests.bench.stage import Stage

SUITE = "tracing"
VISITS = 5
CASES = 100
WINDOW = timedelta(days=14)

# Where the people were in their windows, and every presence there at those times, by the indexes.
# It judges nothing, names nothing and sorts nothing: that is the limit.
READ = """
SELECT count(other.person_id)
FROM unnest(%(people)s::bigint[]) AS asked (person)
CROSS JOIN LATERAL (
    SELECT * FROM tracing_presence AS presence
    WHERE presence.person_id = asked.person
      AND presence.day BETWEEN %(first)s::date AND %(last)s::date
      AND presence.starts BETWEEN %(starts)s AND %(ends)s
    OFFSET 0
) AS here
JOIN tracing_place AS place ON place.id = here.place_id
JOIN jsonb_to_recordset(%(measures)s::jsonb) AS measure (kind text, longest interval)
    ON measure.kind = place.kind
CROSS JOIN LATERAL (
    SELECT * FROM tracing_presence AS presence
    WHERE presence.place_id = here.place_id
      AND presence.day BETWEEN (here.starts - measure.longest)::date AND here.ends::date
      AND presence.starts < here.ends AND presence.starts > here.starts - measure.longest
    OFFSET 0
) AS other
"""


def figures(stage: Stage) -> Iterator[Figure]:
    """One case, a hundred cases, and the same in a smaller city."""
    django.setup()
    from tests.bench.city import city

    size = stage.size
    small = city(stage, size.small, name="visits_small", visits=VISITS)
    large = city(stage, size.large, name="visits_large", visits=VISITS)
    near, far = _Cases(small, size.small), _Cases(large, size.large)
    traced, read = alternate(far.trace_each, far.read_each, rounds=size.rounds)
    yield Figure(
        SUITE,
        f"one case, 14 days, {size.large * VISITS:,} visits",
        "reading by index the rows it must read",
        "s",
        traced,
        read,
        Goal(at_most=3.0),
    )
    large_times, small_times = alternate(far.trace_each, near.trace_each, rounds=size.rounds)
    yield Figure(
        SUITE,
        f"one case among {size.large * VISITS:,} visits",
        f"among {size.small * VISITS:,}",
        "s",
        large_times,
        small_times,
        Goal(at_most=1.3),
    )
    together, apart = alternate(far.trace_all, far.trace_each, rounds=size.rounds)
    yield Figure(
        SUITE,
        f"{CASES} cases at once, by case",
        "one case",
        "s",
        together,
        apart,
        Goal(at_most=1.0),
    )


class _Cases:
    """People of a city, evenly spread, who are taken for cases of the whole window."""

    def __init__(self, database: str, people: int) -> None:
        from django.utils import timezone

        self.database = database
        self.people = [1 + number * people // CASES for number in range(CASES)]
        self.ends = timezone.now()
        self.starts = self.ends - WINDOW

    def trace_each(self) -> float:
        """The seconds that a case takes by itself."""
        self._turn()
        return timed(lambda: [self._trace([person]) for person in self.people]) / CASES

    def trace_all(self) -> float:
        """The seconds that a case takes when all are traced in one go."""
        self._turn()
        return timed(lambda: self._trace(self.people)) / CASES

    def read_each(self) -> float:
        """The seconds that reading takes for one case."""
        self._turn()
        return timed(lambda: [self._read([person]) for person in self.people]) / CASES

    def _trace(self, people: Sequence[int]) -> None:
        from healthcode.tracing.trace import Window, encounters

        encounters([Window(person, self.starts, self.ends) for person in people])

    def _read(self, people: Sequence[int]) -> None:
        from django.db import connection

        from healthcode.tracing.sql import measures_json

        bound: dict[str, Any] = {
            "people": list(people),
            "first": self.starts.date() - timedelta(days=1),
            "last": self.ends.date(),
            "starts": self.starts,
            "ends": self.ends,
            "measures": measures_json(),
        }
        with connection.cursor() as cursor:
            cursor.execute(READ, bound)
            cursor.fetchone()

    def _turn(self) -> None:
        from django.db import connection

        from tests.bench.city import turn_to

        turn_to(self.database)
        connection.ensure_connection()
        # A fresh connection reads the catalogue first, whatever is asked of it.
        self._trace(self.people[:1])
        self._read(self.people[:1])

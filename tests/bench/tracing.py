"""Measure tracing, from cases to the people they met, compared with reading the necessary rows."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django

from tests.bench.figures import Figure, Goal, alternate, timed
from tests.bench.stage import Stage

if TYPE_CHECKING:
    from healthcode.tracing.trace import Window

SUITE = "tracing"
VISITS = 5
TOGETHER = 100
ALONE = 10
WINDOW = timedelta(days=14)

# The limit: only read what tracing must read to know whom people met in their windows, by the
# indexes. That is where they were, everything about everybody who was there at those times, who
# lives with them, and the homes of people whom nobody else saw. It judges, names and sorts nothing,
# and returns numbers only.
READ = """
WITH measure AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(measures)s::jsonb) AS given (kind text, longest interval)
),
asked AS MATERIALIZED (
    SELECT * FROM unnest(%(people)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS given (person, starts, ends)
),
other AS MATERIALIZED (
    SELECT other.*
    FROM asked
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.person_id = asked.person
          AND presence.day BETWEEN %(first)s::date AND %(last)s::date
          AND presence.starts BETWEEN asked.starts AND asked.ends
        OFFSET 0
    ) AS here
    JOIN tracing_place AS place ON place.id = here.place_id
    JOIN measure ON measure.kind = place.kind
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.place_id = here.place_id
          AND presence.day BETWEEN %(first)s::date AND %(last)s::date
          AND presence.day BETWEEN (here.starts - measure.longest)::date AND here.ends::date
          AND presence.starts < here.ends AND presence.starts > here.starts - measure.longest
        OFFSET 0
    ) AS other
)
SELECT (SELECT count(ends) FROM other),
       (SELECT count(home_area) FROM other JOIN accounts_person ON id = person_id WHERE NOT sure),
       (SELECT count(other.starts)
        FROM asked
        JOIN tracing_membership AS self ON self.person_id = asked.person
        JOIN tracing_membership AS other ON other.place_id = self.place_id)
"""


def figures(stage: Stage) -> Iterator[Figure]:
    """Measure a case with its whole chain, the same in a smaller city, and many cases at once."""
    django.setup()
    from tests.bench.city import city

    size = stage.size
    small = city(stage, size.small, name="visits_small", visits=VISITS)
    large = city(stage, size.large, name="visits_large", visits=VISITS)
    near, far = _Cases(small, size.small), _Cases(large, size.large)
    for action in (near.trace_each, far.trace_each, far.read_each):
        action()  # What was just generated lies on the disk.
    traced, read = alternate(far.trace_each, far.read_each, rounds=size.rounds)
    yield Figure(
        SUITE,
        f"one case, 14 days, and its contacts' contacts; {size.large * VISITS:,} visits",
        "reading by index the rows they must read",
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
    together, apart = alternate(far.trace_together, far.trace_apart, rounds=size.rounds)
    yield Figure(
        SUITE,
        f"{TOGETHER} cases at once, by case",
        "the same one by one",
        "s",
        together,
        apart,
        Goal(at_most=1.0),
    )


class _Cases:
    """Choose people of a city, evenly spread, as cases of the whole window.

    One in this many of them is also traced separately.
    """

    def __init__(self, database: str, people: int) -> None:
        from django.utils import timezone

        from healthcode.tracing.trace import Window

        self.database = database
        self.ends = timezone.now()
        spread = [1 + number * people // TOGETHER for number in range(TOGETHER)]
        self.cases = [Window(person, self.ends - WINDOW, self.ends) for person in spread]
        self.alone = self.cases[:: TOGETHER // ALONE]
        self._turn()
        self.rings = [self._rings(case) for case in self.alone]

    def trace_each(self) -> float:
        """Return the seconds that a case with its chain takes when traced separately."""
        return self._one_by_one(self.alone)

    def trace_apart(self) -> float:
        """Return the same for all cases, because a few cases do not represent a hundred."""
        return self._one_by_one(self.cases)

    def trace_together(self) -> float:
        """Return the seconds that a case with its chain takes when all are traced at once."""
        self._turn()
        return timed(lambda: self._trace(self.cases)) / TOGETHER

    def read_each(self) -> float:
        """Return the seconds that reading takes for one case and its close contacts."""
        self._turn()
        return timed(lambda: [self._read(ring) for rings in self.rings for ring in rings]) / ALONE

    def _one_by_one(self, cases: "Sequence[Window]") -> float:
        self._turn()
        return timed(lambda: [self._trace([case]) for case in cases]) / len(cases)

    def _rings(self, case: "Window") -> "list[list[Window]]":
        """Return whose presences are read: the case's, then those of its close contacts."""
        from healthcode.tracing.kinds import Strength
        from healthcode.tracing.trace import Circle, Window, encounters

        [[met]] = encounters([Circle([case])], only=[Strength.CLOSE])
        close = [Window(one.person, one.first_at, self.ends) for one in met]
        return [[case], close] if close else [[case]]

    def _trace(self, cases: "Sequence[Window]") -> None:
        from healthcode.tracing.trace import trace

        trace(cases, at=self.ends)

    def _read(self, windows: "Sequence[Window]") -> None:
        from django.db import connection

        from healthcode.tracing.sql import measures_json
        from healthcode.web.days import day_of

        bound: dict[str, Any] = {
            "people": [window.person for window in windows],
            "starts": [window.starts for window in windows],
            "ends": [window.ends for window in windows],
            "first": day_of(min(window.starts for window in windows)) - timedelta(days=1),
            "last": day_of(self.ends),
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
        # A new connection reads the catalogue first, whatever it is asked.
        self._trace(self.cases[:1])
        self._read(self.cases[:1])

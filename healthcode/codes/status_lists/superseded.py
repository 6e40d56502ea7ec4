"""Read which codes colour changes and erasures have superseded, and on which days each was in use.

Nothing is read twice: a snapshot of the database tells what has been committed since.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self

from django.db import connection

from healthcode.acts.kinds import ActKind
from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON, Part, key_mark
from healthcode.web.days import SHANGHAI, start_of_day

COMMIT_SLACK: Final = timedelta(hours=1)
"""A colour change may be committed this long after its own timestamp.

Codes made in between still say the old colour.
"""

# The system identifier is part of it, because another database cluster numbers transactions anew.
SNAPSHOT: Final = """
SELECT system_identifier || '/' || %s || ' ' || pg_current_snapshot() FROM pg_control_system()
"""

# 1. `new`: the colour changes committed after the snapshot `seen`, or all if there is none. No
#    transaction before the snapshot's `xmin` is among them; of the later ones, those that had not
#    ended.
# 2. `code`: each change ends the use of the code number before it. This use began with the change
#    before, or with the person.
# 3. An erased person leaves an act with their number, and all their codes end with it. Such acts
#    are few, so the query reads those of the last hour again.
# 4. `come_round`: a person's numbers repeat. A new code takes its number over from an old code, so
#    the old one is not marked. The person's latest number is always among the new changes, because
#    later changes are committed later.
# The query runs without parallel workers, to leave the other processors to people who wait for an
# answer. Each row of the result has many codes; one number says whose each is and which
# (`indexes.number_of`).
CHANGES: Final = """
SET LOCAL max_parallel_workers_per_gather = 0;
WITH new AS MATERIALIZED (
    SELECT person_id, number, since, at
    FROM colours_colourchange
    WHERE at >= %(since)s
      AND transaction >= %(xmin)s
      AND (%(seen)s IS NULL
           OR NOT pg_visible_in_snapshot(transaction::text::xid8, %(seen)s::pg_snapshot))
),
come_round AS (
    SELECT person_id, max(number) AS latest FROM new WHERE number >= %(numbers)s GROUP BY person_id
),
code AS (
    SELECT person_id AS person, number - 1 AS number,
           CASE WHEN number > 1 THEN (since AT TIME ZONE %(zone)s)::date END AS first,
           ((at + make_interval(secs => %(slack)s)) AT TIME ZONE %(zone)s)::date AS last
    FROM new LEFT JOIN come_round USING (person_id)
    WHERE (latest - (number - 1) < %(numbers)s) IS NOT FALSE
    UNION ALL
    SELECT (erased.detail->>'person')::bigint, number, NULL,
           ((erased.at + make_interval(secs => %(slack)s)) AT TIME ZONE %(zone)s)::date
    FROM accounts_act AS erased CROSS JOIN generate_series(0, %(numbers)s - 1) AS number
    WHERE erased.kind = %(erasure)s AND erased.at >= %(erased_since)s
    UNION ALL
    SELECT person_id, number, NULL, NULL FROM new WHERE number >= %(numbers)s
)
SELECT first, last, string_agg((person * %(numbers)s + number %% %(numbers)s)::text, ',')
FROM code GROUP BY first, last
"""

Days = tuple[date | None, date]
"""The first day on which a code was in use (None: before any that matters) and the last day."""


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """What had been committed at one moment, in which database, under which STATUS_INDEX_KEY.

    A list stores `text`: `cluster/mark xmin:xmax:…`. The second word is a pg_snapshot.
    """

    text: str

    @classmethod
    def now(cls) -> Self:
        """Take a snapshot now. Later commits are not in it."""
        with connection.cursor() as cursor:
            cursor.execute(SNAPSHOT, [key_mark()])
            (found,) = cursor.fetchone()
        return cls(str(found))

    def continues(self, earlier: Self) -> bool:
        """Return whether the lists built from the snapshot `earlier` can be continued.

        They must be built from the beginning if the database was restored to another cluster or to
        an earlier time, because PostgreSQL may then use transaction numbers again. This is also
        necessary if STATUS_INDEX_KEY has changed, because then every code has another index.
        """
        if not earlier.text or earlier.origin != self.origin:
            return False
        return earlier.end <= self.end

    @property
    def origin(self) -> str:
        """Return the database cluster and the mark of STATUS_INDEX_KEY."""
        return self.text.partition(" ")[0]

    @property
    def transactions(self) -> str:
        """Return the pg_snapshot as text."""
        return self.text.partition(" ")[2]

    @property
    def begin(self) -> int:
        """Return the first transaction that may not have ended (`xmin`)."""
        return int(self.transactions.split(":")[0])

    @property
    def end(self) -> int:
        """Return the first transaction that had not begun yet (`xmax`)."""
        return int(self.transactions.split(":")[1])


@dataclass(frozen=True)
class Superseded:
    """Superseded codes by their numbers (`indexes.number_of`), in ascending order.

    `ended` are superseded codes, by the days of their use. `taken_over` are numbers that a new code
    has taken over from an older one.
    """

    ended: Mapping[Days, list[int]]
    taken_over: list[int]

    def ended_in(self, part: Part) -> list[int]:
        """Return the superseded codes that have their index in this list."""
        return [
            number
            for (first, last), numbers in self.ended.items()
            if (first is None or first <= part.day) and part.day <= last
            for number in _within(part, numbers)
        ]

    def taken_over_in(self, part: Part) -> list[int]:
        """Return the numbers in this list that a new code has taken over."""
        return _within(part, self.taken_over)


def read_superseded(
    *, since: date, seen: DatabaseSnapshot | None = None, seen_at: datetime | None = None
) -> Superseded:
    """Read the codes that were superseded while codes of the day `since`, or later, were alive.

    With a snapshot `seen`, taken at `seen_at` or later, read only what was committed after it. The
    cost then depends on how much was written since.
    """
    earliest = start_of_day(since) - COMMIT_SLACK
    ended: dict[Days, list[int]] = {}
    taken_over: list[int] = []
    with connection.cursor() as cursor:
        cursor.execute(
            CHANGES,
            {
                "seen": seen.transactions if seen else None,
                "xmin": seen.begin if seen else 0,
                "since": earliest,
                "erased_since": max(earliest, seen_at - COMMIT_SLACK) if seen_at else earliest,
                "slack": int(COMMIT_SLACK.total_seconds()),
                "zone": str(SHANGHAI),
                "numbers": NUMBERS_A_PERSON,
                "erasure": ActKind.PERSON_ERASED.value,
            },
        )
        for first, last, numbers in cursor.fetchall():
            found = sorted(map(int, numbers.split(",")))
            if last is None:
                taken_over = found
            else:
                ended[first, last] = found
    return Superseded(ended=ended, taken_over=taken_over)


def _within(part: Part, numbers: list[int]) -> list[int]:
    return numbers[bisect_left(numbers, part.first_number) : bisect_left(numbers, part.end_number)]

"""Which codes changes of colour and erasures have superseded, and on which days each was in use.

What was read once need not be read again: a snapshot of the database tells what has been committed
since.
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
"""A change may be committed so long after its own instant; codes made in between are old ones."""

# Transactions are numbered anew in another cluster.
SNAPSHOT: Final = """
SELECT system_identifier || '/' || %s || ' ' || pg_current_snapshot() FROM pg_control_system()
"""

# 1. What was committed since the snapshot `seen`, all for none: no transaction before its `xmin`,
#    of the others those that were not over.
# 2. Each change ends the use of the code number before it, which began with the change before that,
#    or with the person.
# 3. Who was erased has left an act with their number, and all their codes end with it. Such acts
#    are few, and read again for an hour.
# 4. A person's numbers come round: whoever has the number then, the code before it has lost it. The
#    latest number of those whom that may concern is new itself: later changes are committed later.
# It reads the log alone, and leaves the other processors to those who wait for an answer. A row of
# the answer has many codes: whose and which, in one number for each (`indexes.number_of`).
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
"""The first day (None: before any that matters) and the last on which a code was in use."""


@dataclass(frozen=True, slots=True)
class DatabaseSnapshot:
    """What had been committed at a moment, in which database, and the mark of the lists' key then.

    `text` is how a list remembers it: `cluster/mark xmin:xmax:…`, the latter a pg_snapshot.
    """

    text: str

    @classmethod
    def now(cls) -> Self:
        """What can be seen now. What is committed later is not in it."""
        with connection.cursor() as cursor:
            cursor.execute(SNAPSHOT, [key_mark()])
            (found,) = cursor.fetchone()
        return cls(str(found))

    def continues(self, earlier: Self) -> bool:
        """Whether a list that knows what was in `earlier` can be continued from there.

        Not if the database was restored since, in another cluster or to an earlier time:
        transactions are numbered anew then. Nor with another key, by which every code has another
        index.
        """
        if not earlier.text or earlier.origin != self.origin:
            return False
        return earlier.end <= self.end

    @property
    def origin(self) -> str:
        """The database's cluster, and the mark of the lists' key."""
        return self.text.partition(" ")[0]

    @property
    def transactions(self) -> str:
        """The pg_snapshot."""
        return self.text.partition(" ")[2]

    @property
    def begin(self) -> int:
        """The first transaction that may not have been over."""
        return int(self.transactions.split(":")[0])

    @property
    def end(self) -> int:
        """The first transaction that had not begun yet."""
        return int(self.transactions.split(":")[1])


@dataclass(frozen=True)
class Superseded:
    """Codes by their numbers (`indexes.number_of`), ascending.

    `ended` are superseded; `taken_over` have come round, and are no older code's any more.
    """

    ended: Mapping[Days, list[int]]
    taken_over: list[int]

    def ended_in(self, part: Part) -> list[int]:
        """The superseded codes that have their index in this list."""
        return [
            number
            for (first, last), numbers in self.ended.items()
            if (first is None or first <= part.day) and part.day <= last
            for number in _within(part, numbers)
        ]

    def taken_over_in(self, part: Part) -> list[int]:
        """The codes that have taken over another's index in this list."""
        return _within(part, self.taken_over)


def read_superseded(
    *, since: date, seen: DatabaseSnapshot | None = None, seen_at: datetime | None = None
) -> Superseded:
    """The codes that were superseded while codes of `since`, or of a later day, were alive.

    With a snapshot `seen`, taken at `seen_at` or later, only those superseded by what was not in
    it; what is read of the log follows what was written since.
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

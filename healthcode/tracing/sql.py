"""The SQL of tracing: whom given people met, set-based, reading only the rows it must.

Every statement takes bound values only. Sub-selects fenced by OFFSET 0 are planned as they stand:
for each row before them one short range of an index, in the partitions of the days concerned,
whatever the statistics make of it. So the cost follows the rows read and not those there are.
"""

import json
from typing import Final

from healthcode.tracing.kinds import MEASURES

# Those whom the people of `people`, `starts`, `ends` (arrays of one length) met in their windows:
# for each position, person met and strength the latest encounter, the beginning of the first, and
# how many there were. Periods are half-open; an encounter lasts.
ENCOUNTERS: Final = """
WITH measure AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(measures)s::jsonb) AS given (
        kind text, longest interval, close_after interval, rows int, carriages boolean)
),
asked AS MATERIALIZED (
    SELECT number, person, starts, ends,
           (starts AT TIME ZONE 'Asia/Shanghai')::date - %(days_back)s::int AS first_day,
           (ends AT TIME ZONE 'Asia/Shanghai')::date AS last_day
    FROM unnest(%(people)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        WITH ORDINALITY AS given (person, starts, ends, number)
),
-- 1. Where they were in their windows.
own AS MATERIALIZED (
    SELECT asked.number, asked.person, here.place_id, place.kind, place.name, place.area,
           measure.longest, measure.close_after, measure.rows, measure.carriages,
           greatest(here.starts, asked.starts) AS starts, least(here.ends, asked.ends) AS ends,
           here.carriage, here.seat_row,
           here.sure OR tracing_is_placed(asked.person, place.area, here.starts, here.ends) AS sure
    FROM asked
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.person_id = asked.person
          AND presence.day BETWEEN asked.first_day AND asked.last_day
          AND presence.starts < asked.ends
          AND presence.starts > asked.starts - %(longest)s::interval
          AND presence.ends > asked.starts
        OFFSET 0
    ) AS here
    CROSS JOIN LATERAL (
        SELECT kind, name, area FROM tracing_place WHERE id = here.place_id OFFSET 0
    ) AS place
    JOIN measure USING (kind)
),
-- 2. Who else was there while they were.
met AS (
    SELECT own.number, other.person_id AS person, own.place_id AS place, own.kind, own.name,
           greatest(own.starts, other.starts) AS starts, least(own.ends, other.ends) AS ends,
           CASE
               WHEN NOT own.sure THEN 'doubtful'
               WHEN NOT (other.sure OR tracing_is_placed(
                   other.person_id, own.area, other.starts, other.ends)) THEN 'doubtful'
               WHEN own.rows IS NULL THEN
                   CASE WHEN least(own.ends, other.ends) - greatest(own.starts, other.starts)
                             >= own.close_after
                        THEN 'close' ELSE 'casual' END
               WHEN abs(own.seat_row - other.seat_row) <= own.rows
                    AND (NOT own.carriages OR own.carriage = other.carriage) THEN 'close'
               ELSE 'casual'
           END AS strength
    FROM own
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.place_id = own.place_id
          AND presence.day BETWEEN ((own.starts - own.longest) AT TIME ZONE 'Asia/Shanghai')::date
                           AND (own.ends AT TIME ZONE 'Asia/Shanghai')::date
          AND presence.starts < own.ends
          AND presence.starts > own.starts - own.longest
          AND presence.ends > own.starts
        OFFSET 0
    ) AS other
    WHERE other.person_id <> own.person
      -- Who sat in another carriage was not met.
      AND (own.carriage = other.carriage) IS NOT FALSE
    UNION ALL
    -- 3. And who lives with them.
    SELECT asked.number, other.person_id, other.place_id, home.kind, home.name,
           greatest(asked.starts, self.starts, other.starts),
           least(asked.ends, self.ends, other.ends), 'close'
    FROM asked
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_membership WHERE person_id = asked.person OFFSET 0
    ) AS self
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_membership
        WHERE place_id = self.place_id AND person_id <> self.person_id
        OFFSET 0
    ) AS other
    CROSS JOIN LATERAL (
        SELECT kind, name FROM tracing_place WHERE id = self.place_id OFFSET 0
    ) AS home
    WHERE greatest(asked.starts, self.starts, other.starts)
        < least(asked.ends, self.ends, other.ends)
)
SELECT DISTINCT ON (met.number, met.person, met.strength)
       met.number, met.person, met.strength, met.place, met.kind, met.name,
       met.starts, met.ends,
       min(met.starts) OVER same AS first_at, count(*) OVER same AS times
FROM met
WINDOW same AS (PARTITION BY met.number, met.person, met.strength)
ORDER BY met.number, met.person, met.strength, met.ends DESC, met.starts, met.place
"""


def measures_json() -> str:
    """`MEASURES` as `ENCOUNTERS` takes them."""
    return json.dumps(
        [
            {
                "kind": kind.value,
                "longest": f"{measure.longest.total_seconds()} seconds",
                "close_after": f"{measure.close_after.total_seconds()} seconds",
                "rows": measure.rows,
                "carriages": measure.carriages,
            }
            for kind, measure in MEASURES.items()
        ]
    )

"""The SQL of tracing: one statement that finds whom many people met.

All values are bound parameters. PostgreSQL does not merge a sub-select with OFFSET 0 into the outer
query. So, whatever the table statistics say, the plan is the same: each row of the outer query
reads one short range of an index, in the partitions of the days concerned. The cost depends on the
rows read, and not on the size of the tables.
"""

import json
from typing import Final

from healthcode.tracing.kinds import MEASURES

# `people`, `starts` and `ends` are arrays of one length: a person and a window at each position.
# The result has a row for each position, person met and strength: the latest encounter, when the
# first one began, and how many there were. Periods are half-open, and no encounter is empty.
# Strengths are numbers: 1 close, 2 casual, 3 doubtful. `circle_of` gives each window a circle. The
# arrays `circles` and `known` have one length: the person in `known` is left out of that circle.
# `first_day` and `last_day` repeat what the windows say, because the planner can then skip the
# partitions of other days. JIT is off: the planner expects far more rows than come, and compiling
# would take longer than the query, which takes milliseconds.
ENCOUNTERS: Final = """
SET LOCAL jit = off;
WITH measure AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(measures)s::jsonb) AS given (
        kind text, longest interval, close_after interval, rows int, carriages boolean)
),
known AS MATERIALIZED (
    SELECT * FROM unnest(%(circles)s::int[], %(known)s::bigint[]) AS given (circle, person)
),
asked AS MATERIALIZED (
    SELECT number, circle, person, starts, ends,
           (starts AT TIME ZONE 'Asia/Shanghai')::date - %(days_back)s::int AS first_day,
           (ends AT TIME ZONE 'Asia/Shanghai')::date AS last_day
    FROM unnest(%(circle_of)s::int[], %(people)s::bigint[], %(starts)s::timestamptz[],
                %(ends)s::timestamptz[])
        WITH ORDINALITY AS given (circle, person, starts, ends, number)
),
-- 1. Where the people were in their windows.
own AS MATERIALIZED (
    SELECT asked.number, asked.circle, asked.person, here.place_id AS place, place.area,
           measure.longest, measure.close_after, measure.rows, measure.carriages,
           here.starts AS came, here.ends AS went, here.carriage, here.seat_row, here.sure,
           greatest(here.starts, asked.starts) AS starts, least(here.ends, asked.ends) AS ends
    FROM asked
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.person_id = asked.person
          AND presence.day BETWEEN %(first_day)s::date AND %(last_day)s::date
          AND presence.day BETWEEN asked.first_day AND asked.last_day
          AND presence.starts < asked.ends
          AND presence.starts > asked.starts - %(longest)s::interval
          AND presence.ends > asked.starts
        OFFSET 0
    ) AS here
    CROSS JOIN LATERAL (
        SELECT kind, area FROM tracing_place WHERE id = here.place_id OFFSET 0
    ) AS place
    JOIN measure USING (kind)
),
-- 2. Who else was at these places at the same time.
beside AS MATERIALIZED (
    SELECT own.number, own.person AS own_person, own.came AS own_came, own.sure AS own_sure,
           own.place, own.area,
           other.person_id AS person, other.starts AS came, other.ends AS went, other.sure,
           greatest(own.starts, other.starts) AS starts, least(own.ends, other.ends) AS ends,
           CASE
               WHEN own.rows IS NULL THEN
                   least(own.ends, other.ends) - greatest(own.starts, other.starts)
                       >= own.close_after
               ELSE abs(own.seat_row - other.seat_row) <= own.rows
                   AND (NOT own.carriages OR own.carriage = other.carriage)
           END AS near
    FROM own
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_presence AS presence
        WHERE presence.place_id = own.place
          AND presence.day BETWEEN %(first_day)s::date AND %(last_day)s::date
          AND presence.day BETWEEN ((own.starts - own.longest) AT TIME ZONE 'Asia/Shanghai')::date
                           AND (own.ends AT TIME ZONE 'Asia/Shanghai')::date
          AND presence.starts < own.ends
          AND presence.starts > own.starts - own.longest
          AND presence.ends > own.starts
        OFFSET 0
    ) AS other
    WHERE other.person_id <> own.person
      AND (own.circle, other.person_id) NOT IN (TABLE known)
      -- People in different carriages did not meet. An unknown carriage may be the same one.
      AND (own.carriage = other.carriage) IS NOT FALSE
),
-- 3. `weak`: presences that nobody else saw, each once. `vouched`: weak ones where something else
-- places the person in the same city (four digits): a home of theirs, or, within 24 hours, a stay
-- or a presence that somebody else saw.
weak AS MATERIALIZED (
    SELECT person, place, area, came, went FROM own WHERE NOT sure
    UNION
    SELECT person, place, area, came, went FROM beside WHERE NOT sure
),
vouched AS MATERIALIZED (
    SELECT weak.person, weak.place, weak.came FROM weak
    WHERE length(weak.area) >= 4 AND ((
        SELECT true FROM accounts_person
        WHERE id = weak.person AND left(home_area, 4) = left(weak.area, 4)
    ) IS TRUE OR (
        SELECT true FROM accounts_formerhome
        WHERE person_id = weak.person AND left(area, 4) = left(weak.area, 4)
        LIMIT 1
    ) IS TRUE OR (
        SELECT true FROM evidence_evidence
        WHERE person_id = weak.person AND kind = 'stay' AND withdrawn_by_id IS NULL
          AND left(area_id, 4) = left(weak.area, 4)
          AND starts <= weak.went + interval '24 hours'
          AND (ends IS NULL OR ends >= weak.came - interval '24 hours')
        LIMIT 1
    ) IS TRUE OR (
        SELECT true FROM tracing_presence AS presence
        JOIN tracing_place AS place ON place.id = presence.place_id
        WHERE presence.person_id = weak.person AND presence.sure
          AND presence.starts BETWEEN weak.came - interval '24 hours'
                              AND weak.went + interval '24 hours'
          AND presence.day BETWEEN %(first_day)s::date - 1
                           AND %(last_day)s::date + %(days_back)s::int + 1
          AND presence.day BETWEEN (weak.came AT TIME ZONE 'Asia/Shanghai')::date - 1
                           AND (weak.went AT TIME ZONE 'Asia/Shanghai')::date + 1
          AND left(place.area, 4) = left(weak.area, 4)
        LIMIT 1
    ) IS TRUE)
),
met AS (
    SELECT number, person, place, starts, ends,
           CASE
               WHEN NOT (own_sure OR (own_person, place, own_came) IN (TABLE vouched)) THEN 3
               WHEN NOT (sure OR (person, place, came) IN (TABLE vouched)) THEN 3
               WHEN near THEN 1
               ELSE 2
           END AS strength
    FROM beside
    UNION ALL
    -- 4. Who lives in the same household.
    SELECT asked.number, other.person_id, other.place_id,
           greatest(asked.starts, self.starts, other.starts),
           least(asked.ends, self.ends, other.ends), 1
    FROM asked
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_membership WHERE person_id = asked.person OFFSET 0
    ) AS self
    CROSS JOIN LATERAL (
        SELECT * FROM tracing_membership
        WHERE place_id = self.place_id AND person_id <> self.person_id
        OFFSET 0
    ) AS other
    WHERE greatest(asked.starts, self.starts, other.starts)
        < least(asked.ends, self.ends, other.ends)
      AND (asked.circle, other.person_id) NOT IN (TABLE known)
),
latest AS (
    SELECT DISTINCT ON (number, person, strength)
           number, person, strength, place, starts, ends,
           min(starts) OVER same AS first_at, count(*) OVER same AS times
    FROM met
    WHERE strength = ANY(%(strengths)s::int[])
    WINDOW same AS (PARTITION BY number, person, strength)
    ORDER BY number, person, strength, ends DESC, starts, place
)
SELECT number, person, strength, latest.place, place.kind, place.name,
       starts, ends, first_at, times
FROM latest
CROSS JOIN LATERAL (
    SELECT kind, name FROM tracing_place WHERE id = latest.place OFFSET 0
) AS place
ORDER BY number, person, strength
"""


def measures_json() -> str:
    """Return `MEASURES` as JSON, as the statement `ENCOUNTERS` takes them."""
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

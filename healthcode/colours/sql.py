"""The SQL of recomputations: the rules of `healthcode.colours.decide` for many people at once.

All values are bound parameters. `people` is an array of person ids; whoever has several merged
registrations is in it with all of them. `same` is a JSON object of these: whatever is known under
the number of a member counts as known about its value (`accounts.merging.WholePeople`). It is null
for nearly all batches, and PostgreSQL then plans as if it were not there. `rules` is the policy as
JSON (see `rules_json`). `at` is the time of the decision. If an end is not known, these statements
use `infinity`.
"""

import json
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Final

from accounts.merging import WholePeople
from healthcode.areas.successors import carries
from healthcode.colours.policy import CheckIns, NegativeTests, Rule, RuleSet

# CTEs that end in `signal`: one row for each exposure of `people` to a rule.
SIGNALS: Final = """
WITH RECURSIVE rule AS MATERIALIZED (
    SELECT row_number() OVER () AS rule_no, given.*
    FROM jsonb_to_recordset(%(rules)s::jsonb) AS given (
        kind text, traits text[], levels smallint[], areas text[], colour smallint, hold interval,
        check_ins int, negative_tests int, apart interval)
),
-- An area's levels and rules that count for stays elsewhere (`healthcode.areas.successors.Carry`).
carry AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(carries)s::jsonb) AS given (
        area text, place text, since timestamptz, said_before timestamptz,
        stayed_before timestamptz)
),
-- Where each rule for stays holds: everywhere, or in the areas that it names.
asked AS MATERIALIZED (
    SELECT rule_no, prefix, '-infinity'::timestamptz AS since,
           'infinity'::timestamptz AS stayed_before
    FROM rule CROSS JOIN unnest(coalesce(areas, ARRAY[''])) AS prefix
    WHERE kind = 'stay'
    UNION
    SELECT rule_no, place, since, coalesce(stayed_before, 'infinity')
    FROM rule CROSS JOIN unnest(areas) AS prefix
    JOIN carry ON carry.area = prefix AND said_before IS NULL
    WHERE kind = 'stay'
),
levelled AS MATERIALIZED (
    SELECT rule_no, level.area_id AS area, coalesce(lower(level.during), '-infinity') AS since,
           coalesce(upper(level.during), 'infinity') AS until
    FROM areas_arealevel AS level JOIN rule ON level.level = ANY(rule.levels)
    WHERE NOT isempty(level.during)
),
-- Over which period: always, or while an area has one of the rule's levels.
ranged AS MATERIALIZED (
    SELECT rule_no, '' AS place, '-infinity'::timestamptz AS since,
           'infinity'::timestamptz AS until, 'infinity'::timestamptz AS stayed_before
    FROM rule WHERE kind = 'stay' AND levels IS NULL
    UNION ALL
    SELECT rule_no, area, since, until, 'infinity' FROM levelled
    UNION ALL
    SELECT rule_no, place, greatest(levelled.since, carry.since), until,
           coalesce(stayed_before, 'infinity')
    FROM levelled JOIN carry USING (area)
    WHERE said_before IS NULL OR levelled.since < said_before
),
-- What each fact is looked up in: a stay by its area, any other fact by its kind. A rule or level
-- of an area counts in all areas below it; ':' follows '9', so these are a range of codes. There
-- are fewer areas than stays, so the codes are compared here once instead of for every stay. A rule
-- that names an area twice may give two equal rows, which does no harm: equal signals give the same
-- colour.
matter AS MATERIALIZED (
    SELECT code::text AS word, traits, colour, hold, check_ins, negative_tests, apart,
           greatest(asked.since, ranged.since) AS rule_starts, until AS rule_ends,
           least(asked.stayed_before, ranged.stayed_before) AS stayed_before
    FROM ranged JOIN asked USING (rule_no) JOIN rule USING (rule_no)
    CROSS JOIN LATERAL (SELECT greatest(prefix, place) AS inner_one) AS lying_in
    JOIN areas_area ON code ~>=~ inner_one AND code ~<~ (inner_one || ':')
    WHERE inner_one ^@ prefix AND inner_one ^@ place
      AND greatest(asked.since, ranged.since) < until
    UNION ALL
    SELECT kind, traits, colour, hold, check_ins, negative_tests, apart, '-infinity', 'infinity',
           'infinity'
    FROM rule WHERE kind <> 'stay'
),
exposure AS MATERIALIZED (
    SELECT row_number() OVER () AS no, matched.*,
           (matched.ends AT TIME ZONE 'Asia/Shanghai')::date AS first_day
    FROM (
        SELECT fact.id AS fact,
               coalesce((%(same)s::jsonb ->> person_id::text)::bigint, person_id) AS person,
               greatest(starts, rule_starts) AS starts, least(ends, rule_ends) AS ends,
               colour, hold, check_ins, negative_tests, apart
        FROM evidence_evidence AS fact
        JOIN matter ON word = CASE kind WHEN 'stay' THEN area_id ELSE kind END
        WHERE person_id = ANY(%(people)s::bigint[]) AND withdrawn_by_id IS NULL
          AND (matter.traits IS NULL OR matter.traits && fact.traits::text[])
          AND starts < rule_ends AND starts < stayed_before
          AND (ends IS NULL OR ends > rule_starts OR starts >= rule_starts)
    ) AS matched
),
-- Healthy check-ins of people whom check-ins may release, with the first day of each run. Days in a
-- row have the same difference between the day and its number. Two check-ins of one day, under two
-- documents, have the same number.
healthy AS (
    SELECT person, day, starts AS at, min(day) OVER (PARTITION BY person, run) AS run_began
    FROM (
        SELECT person, day, starts,
               day - dense_rank() OVER (PARTITION BY person ORDER BY day)::int AS run
        FROM (
            SELECT coalesce((%(same)s::jsonb ->> person_id::text)::bigint, person_id) AS person,
                   day, starts
            FROM evidence_evidence
            WHERE person_id = ANY(ARRAY(
                    SELECT person FROM exposure WHERE check_ins IS NOT NULL AND ends < 'infinity')
                    || ARRAY(SELECT jsonb_object_keys(%(same)s::jsonb)::bigint))
              AND kind = 'check_in' AND 'healthy' = ANY(traits) AND withdrawn_by_id IS NULL
        ) AS own
    ) AS numbered
),
checked AS (
    SELECT exposure.no,
           (array_agg(healthy.at ORDER BY healthy.day, healthy.at))[1] AS released_at
    FROM exposure JOIN healthy USING (person)
    WHERE exposure.ends < 'infinity'
      AND healthy.day - greatest(healthy.run_began, exposure.first_day) + 1 = exposure.check_ins
    GROUP BY exposure.no
),
-- Each step counts one test. Of the tests that certainly began long enough after the one before had
-- ended, it takes the first to end. A second test of the same sample does not count.
tested AS (
    SELECT no, person, negative_tests, apart, 0 AS counted,
           CASE WHEN starts < ends THEN ends ELSE ends + interval '1 microsecond' END AS earliest,
           NULL::timestamptz AS sampled_at
    FROM exposure
    WHERE negative_tests IS NOT NULL AND ends < 'infinity'
    UNION ALL
    SELECT no, person, negative_tests, apart, counted + 1, next.ends + apart, next.starts
    FROM tested CROSS JOIN LATERAL (
        SELECT test.starts, test.ends
        FROM evidence_evidence AS test
        WHERE test.person_id = ANY(ARRAY[tested.person] || ARRAY(
                SELECT key::bigint FROM jsonb_each_text(%(same)s::jsonb)
                WHERE value = tested.person::text))
          AND test.kind = 'test'
          AND test.withdrawn_by_id IS NULL AND 'negative' = ANY(test.traits)
          AND test.starts >= tested.earliest
        ORDER BY test.ends, test.starts LIMIT 1
    ) AS next
    WHERE counted < negative_tests
),
signal AS (
    SELECT exposure.fact, exposure.person, exposure.colour, exposure.starts, exposure.first_day,
           coalesce(exposure.check_ins, exposure.negative_tests) IS NOT NULL AS asks_proof,
           coalesce(checked.released_at, tested.sampled_at) AS released_at,
           CASE
               WHEN exposure.ends = 'infinity' THEN 'infinity'
               WHEN exposure.check_ins IS NOT NULL THEN
                   greatest(exposure.ends + hold, coalesce(checked.released_at, 'infinity'))
               WHEN exposure.negative_tests IS NOT NULL THEN
                   greatest(exposure.ends + hold, coalesce(tested.sampled_at, 'infinity'))
               ELSE exposure.ends + hold
           END AS ends
    FROM exposure
    LEFT JOIN checked USING (no)
    LEFT JOIN tested ON tested.no = exposure.no AND tested.counted = tested.negative_tests
)"""

# The outcome of the signals: `result (person, colour, next_change_at)`, one row for each of
# `people`.
RESULT: Final = (
    SIGNALS  # noqa: S608  a constant like the rest
    + """,
result AS (
    SELECT given.person,
           coalesce(max(colour) FILTER (WHERE starts <= %(at)s AND ends > %(at)s), 0) AS colour,
           least(min(starts) FILTER (WHERE starts > %(at)s),
                 min(ends) FILTER (WHERE ends > %(at)s AND ends < 'infinity')) AS next_change_at
    FROM unnest(%(people)s::bigint[]) AS given (person)
    LEFT JOIN signal
        ON signal.person = coalesce((%(same)s::jsonb ->> given.person::text)::bigint, given.person)
    GROUP BY given.person
)
"""
)

# The same `result` for the registrations `people` of one person, on whom `decide()` has decided.
DECIDED: Final = """
WITH result (person, colour, next_change_at) AS (
    SELECT person, %(colour)s::smallint, %(next_change_at)s::timestamptz
    FROM unnest(%(people)s::bigint[]) AS registration (person)
)
"""

# The only statement that writes a colour: it stores `result` where it differs from what is stored.
# The caller's transaction has locked the rows of `people`. PostgreSQL 18 and later return the row
# before the UPDATE as `old`.
STORE: Final = """,
updated AS (
    UPDATE colours_personcolour AS person
    SET colour = result.colour,
        next_change_at = result.next_change_at,
        policy_id = %(policy)s,
        since = CASE WHEN person.colour = result.colour THEN since ELSE %(at)s END,
        changes = changes + CASE WHEN person.colour = result.colour THEN 0 ELSE 1 END
    FROM result
    WHERE person.person_id = result.person AND person.person_id = ANY(%(people)s::bigint[])
      AND (person.colour, person.next_change_at, policy_id)
          IS DISTINCT FROM (result.colour, result.next_change_at, %(policy)s)
    RETURNING person_id, old.since AS since, old.colour AS before, new.colour AS after,
              new.changes AS number
),
noted AS (
    INSERT INTO colours_colourchange (person_id, since, at, recomputation_id, number, before, after)
    SELECT person_id, since, %(at)s, %(recomputation)s, number, before, after
    FROM updated WHERE before <> after
)
"""

# Store the colours of `people`; return how many changed.
WRITE: Final = (
    RESULT  # noqa: S608  a constant like the rest
    + STORE
    + "SELECT count(*) FROM updated WHERE before <> after"
)
# Store the decision on one person; return whether a colour changed, and since when `person` has it.
# The query still sees the rows as they were before this statement.
WRITE_ONE: Final = (
    DECIDED
    + STORE
    + """
SELECT bool_or(stored.colour <> result.colour),
       max(CASE WHEN stored.colour = result.colour THEN stored.since ELSE %(at)s END)
           FILTER (WHERE result.person = %(person)s)
FROM colours_personcolour AS stored JOIN result ON result.person = stored.person_id
"""
)

# Count `people` by the colour that they have, the colour that they would have, and home county. Of
# merged registrations only one counts.
COMPARE: Final = (
    RESULT
    + """
SELECT coalesce(stored.colour, 0), result.colour, left(person.home_area, 6), count(*)
FROM result
JOIN accounts_person AS person ON person.id = result.person
LEFT JOIN colours_personcolour AS stored ON stored.person_id = result.person
WHERE coalesce((%(same)s::jsonb ->> result.person::text)::bigint, result.person) = result.person
GROUP BY 1, 2, 3
"""
)

TURNING_RED: Final = (
    RESULT
    + """
SELECT result.person
FROM result LEFT JOIN colours_personcolour AS stored ON stored.person_id = result.person
WHERE result.colour = %(red)s AND coalesce(stored.colour, 0) < %(red)s
"""
)

NEXT_PEOPLE: Final = """
SELECT id FROM accounts_person WHERE id > %(after)s ORDER BY id LIMIT %(most)s
"""

# In the order of ids, so that two transactions wait for each other instead of deadlocking.
CREATE_MISSING: Final = """
INSERT INTO colours_personcolour (person_id, colour, since, next_change_at, policy_id, changes)
SELECT person.id, 0, %(at)s, NULL, policy.version, 0
FROM accounts_person AS person CROSS JOIN (
    SELECT version FROM colours_policy WHERE holds_from <= %(at)s
    ORDER BY holds_from DESC, version DESC LIMIT 1
) AS policy
WHERE person.id = ANY(%(people)s::bigint[])
  AND NOT EXISTS (SELECT FROM colours_personcolour WHERE person_id = person.id)
ORDER BY person.id
ON CONFLICT DO NOTHING
"""
# Lock the stored colours. Return the people who have one, or null if all who were asked for have
# one.
LOCK: Final = """
SELECT CASE WHEN count(*) < %(asked)s THEN coalesce(array_agg(person_id), '{}') END FROM (
    SELECT person_id FROM colours_personcolour WHERE person_id = ANY(%(people)s::bigint[])
    ORDER BY person_id FOR NO KEY UPDATE
) AS locked
"""

# The codes of the given areas and of all areas below them. ':' follows '9', so they are a range.
CODES_WITHIN: Final = """
SELECT coalesce(array_agg(DISTINCT area.code), '{}')
FROM unnest(%s::text[]) AS given (code)
JOIN areas_area AS area ON area.code ~>=~ given.code AND area.code ~<~ (given.code || ':')
"""

# Whom a recomputation touches: one statement for each cause. `codes` is a list of values, not a
# join. So the planner knows how many stays an area has, and uses the index `stays_in_area` for one
# county as well as for the whole map. With 200,000 people and 400,000 stays that takes 20 ms and
# 0.7 s; a join on the range of codes read every stay once for each area.
TOUCHED_BY_LEVELS: Final = """
SELECT DISTINCT stay.person_id AS person
FROM evidence_evidence AS stay
WHERE stay.area_id = ANY(%(codes)s::varchar[])
  AND stay.kind = 'stay' AND stay.withdrawn_by_id IS NULL
  AND (stay.ends IS NULL OR stay.ends > %(touches_from)s OR stay.starts >= %(touches_from)s)
"""
LISTED: Final = """
SELECT person.id AS person FROM accounts_person AS person
WHERE person.id = ANY(%(people)s::bigint[])
"""
EVERYBODY: Final = "SELECT person.id AS person FROM accounts_person AS person"


def plan(touched: str) -> str:
    """Return the statement that stores the people of query `touched` as batches and counts them."""
    return f"""
    WITH numbered AS (
        SELECT person, (row_number() OVER (ORDER BY person) - 1) / %(size)s AS batch
        FROM ({touched}) AS touched
    ), stored AS (
        INSERT INTO colours_recomputationbatch (recomputation_id, people, tries)
        SELECT %(recomputation)s, array_agg(person ORDER BY person), 0
        FROM numbered GROUP BY batch ORDER BY batch
        RETURNING cardinality(people) AS people
    )
    SELECT coalesce(sum(people), 0)::bigint FROM stored
    """  # noqa: S608  one of the constants above


@cache
def carries_json() -> str:
    """Return all `Carry` rows as JSON for `SIGNALS`."""
    return json.dumps(
        [
            {field: _text(value) for field, value in asdict(carry).items()}
            for carries_of_area in carries().values()
            for carry in carries_of_area
        ]
    )


def same_json(people: WholePeople) -> str | None:
    """Return which registrations are one person's, as `same` takes it."""
    return json.dumps(people.first) if people.first else None


def _text(value: str | datetime | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value


def rules_json(*policies: RuleSet) -> str:
    """Return the policies' rules as JSON for `SIGNALS`; null where a rule asks for nothing."""
    return json.dumps([_row(rule) for policy in policies for rule in policy.rules])


def _row(rule: Rule) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": str(rule.evidence),
        "traits": sorted(rule.traits) or None,
        "levels": sorted(rule.levels) or None,
        "areas": list(rule.areas) or None,
        "colour": int(rule.colour),
        "hold": f"{int(rule.hold.total_seconds())} seconds",
    }
    match rule.release:
        case CheckIns(count):
            row["check_ins"] = count
        case NegativeTests(count, hours_apart):
            row["negative_tests"] = count
            row["apart"] = f"{hours_apart} hours"
        case None:
            pass
    return row

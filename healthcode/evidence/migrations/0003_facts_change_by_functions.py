from django.db import migrations, models

# The service's role may read and add facts and nothing else, so the owner's functions do what must
# change (docs/decisions/0042-two-database-roles.md). Each takes many facts, because retention and
# recolouring work on thousands. Names are written out and the search path is fixed, so that nobody
# puts an object of their own in the way.
FUNCTIONS = """
CREATE FUNCTION lock_facts(bigint[]) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT id FROM public.evidence_evidence WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
$$;

CREATE FUNCTION end_facts(bigint[], ends timestamptz[], received_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.evidence_evidence AS fact SET ends = known.at, end_received_at = $3
    FROM unnest($1, $2) AS known (id, at)
    WHERE fact.id = known.id AND fact.ends IS NULL
$$;

-- Withdraw the facts and everything derived from them. Facts that were withdrawn before end the
-- search, because what was derived from them was withdrawn at that time. UNION (not UNION ALL) ends
-- the recursion even if facts were derived from each other in a circle.
CREATE FUNCTION withdraw_facts(bigint[], act bigint) RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE falls (id) AS (
        SELECT id FROM public.evidence_evidence WHERE id = ANY($1) AND withdrawn_by_id IS NULL
        UNION
        SELECT fact.id
        FROM falls JOIN public.evidence_evidence AS fact ON fact.derived_from_id = falls.id
        WHERE fact.withdrawn_by_id IS NULL
    )
    UPDATE public.evidence_evidence AS fact SET withdrawn_by_id = $2
    FROM falls WHERE fact.id = falls.id RETURNING fact.person_id
$$;

CREATE FUNCTION forget_evidence(ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    still_needed bigint;
    gone bigint;
BEGIN
    IF why = 'retention' THEN
        -- By the clock of the database: the service cannot say that it is later than it is.
        SELECT count(*) INTO still_needed
        FROM public.evidence_evidence AS fact
        LEFT JOIN public.accounts_act AS withdrawal ON withdrawal.id = fact.withdrawn_by_id
        WHERE fact.id = ANY(ids)
          AND ((fact.ends IS NULL AND fact.withdrawn_by_id IS NULL)
               OR (greatest(coalesce(fact.ends, fact.starts), fact.received_at, withdrawal.at)
                   < now() - make_interval(days => public.kept_days('evidence_evidence')))
                  IS NOT TRUE);
    ELSIF why = 'erasure' THEN
        SELECT count(*) INTO still_needed
        FROM public.evidence_evidence AS fact
        WHERE fact.id = ANY(ids) AND NOT EXISTS (
            SELECT FROM public.accounts_act AS erasure
            WHERE erasure.kind = 'person-erased'
              AND erasure.detail->'person' = to_jsonb(fact.person_id));
    ELSE
        RAISE EXCEPTION 'facts are not forgotten by %', why
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF still_needed > 0 THEN
        RAISE EXCEPTION '% of these facts may not be forgotten by %', still_needed, why
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- So that the trigger on the table lets them go.
    PERFORM set_config('healthcode.forgetting', 'on', true);
    DELETE FROM public.evidence_evidence WHERE id = ANY(ids);
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('healthcode.forgetting', 'off', true);
    IF gone > 0 THEN
        INSERT INTO public.evidence_forgotten (cause, facts, at) VALUES (why, gone, now());
    END IF;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION lock_facts, end_facts, withdraw_facts, forget_evidence FROM PUBLIC;
-- Each erasure of evidence looks for its act.
CREATE INDEX acts_of_erasure ON accounts_act ((detail->'person')) WHERE kind = 'person-erased';
"""
BY_THE_SERVICE = """
DROP INDEX acts_of_erasure;
DROP FUNCTION lock_facts, end_facts, withdraw_facts, forget_evidence;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_acts_say_more'),
        ('evidence', '0002_sources_have_grants'),
        ('web', '0001_partitions_of_the_owner'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forgotten',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('retention', 'Retention'), ('erasure', 'Erasure'), ('sunset', 'Sunset')], max_length=12)),
                ('facts', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'forgotten',
            },
        ),
        migrations.RunSQL(FUNCTIONS, BY_THE_SERVICE),
    ]

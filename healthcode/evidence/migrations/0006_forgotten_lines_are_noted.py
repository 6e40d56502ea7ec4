import datetime

import django.db.models.deletion
from django.db import migrations, models

# Sets of lines have one bit for each line (healthcode.evidence.bits).
SETS = """
CREATE FUNCTION line_bits(lines bigint[]) RETURNS bytea LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    bits bytea := decode(repeat('00', ((SELECT max(n) FROM unnest(lines) AS n) / 8 + 1)::int), 'hex');
    line bigint;
BEGIN
    FOREACH line IN ARRAY lines LOOP
        bits := set_bit(bits, line, 1);
    END LOOP;
    RETURN bits;
END $$;

-- Bytes have no OR, so both become bit strings of one length; the first four bytes say the length.
CREATE FUNCTION either_bits(a bytea, b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT substring(varbit_send(
        ('x' || rpad(encode(a, 'hex'), size, '0'))::varbit
        | ('x' || rpad(encode(b, 'hex'), size, '0'))::varbit) FROM 5)
    FROM (SELECT 2 * greatest(length(a), length(b)) AS size) AS longer
$$;
"""
NO_SETS = "DROP FUNCTION line_bits, either_bits"

# Reports and notes of earlier builds of this version.
FILL = """
UPDATE evidence_sourcebatch AS batch SET lines = known.lines
FROM (
    SELECT batch_id, line_bits(array_agg(line)) AS lines
    FROM (SELECT batch_id, line::bigint FROM evidence_evidence WHERE batch_id IS NOT NULL
          UNION SELECT batch_id, line FROM evidence_heldline) AS stored
    GROUP BY batch_id
) AS known
WHERE batch.id = known.batch_id;
UPDATE evidence_forgotten SET day = (at AT TIME ZONE 'Asia/Shanghai')::date,
                              salt = uuid_send(gen_random_uuid());
"""

KEEP = """
CREATE OR REPLACE FUNCTION evidence_keeps_its_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER evidence_keeps_its_end BEFORE UPDATE ON evidence_evidence
    FOR EACH ROW WHEN (OLD.end_received_at IS NOT NULL
                       AND (NEW.end_batch_id, NEW.end_line, NEW.end_salt)
                           IS DISTINCT FROM (OLD.end_batch_id, OLD.end_line, OLD.end_salt))
    EXECUTE FUNCTION evidence_keeps_its_origin();

CREATE FUNCTION evidence_keeps_held_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waiting evidence_heldline := NEW;
BEGIN
    waiting.rejected_by_id := NULL;
    IF OLD.rejected_by_id IS NULL AND waiting IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a held line keeps what its source reported, and is decided once'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER held_line_is_kept BEFORE UPDATE ON evidence_heldline
    FOR EACH ROW EXECUTE FUNCTION evidence_keeps_held_line();
"""
LET_CHANGE = """
DROP TRIGGER held_line_is_kept ON evidence_heldline;
DROP FUNCTION evidence_keeps_held_line;
DROP TRIGGER evidence_keeps_its_end ON evidence_evidence;
"""

# As in 0003: the search path is fixed, and each function refuses what its rule does not allow.
FUNCTIONS = """
DROP FUNCTION end_facts(bigint[], timestamptz[], timestamptz);
CREATE FUNCTION end_facts(
    bigint[], ends timestamptz[], received_at timestamptz, batch bigint, lines integer[],
    salts bytea[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.evidence_evidence AS fact
    SET ends = known.at, end_received_at = $3, end_line = known.line, end_salt = known.salt,
        end_batch_id = CASE WHEN known.line IS NOT NULL THEN $4 END
    FROM unnest($1, $2, $5, $6) AS known (id, at, line, salt)
    WHERE fact.id = known.id AND fact.ends IS NULL
$$;

-- The note to which a deletion belongs: a new one for each erasure, one a day for retention.
-- Whoever calls it needs the owner's rights already.
CREATE FUNCTION forgotten_note(why text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
    note bigint;
BEGIN
    IF why = 'retention' THEN
        SELECT id INTO note FROM public.evidence_forgotten
        WHERE cause = why AND day = today ORDER BY id LIMIT 1 FOR UPDATE;
    END IF;
    IF note IS NULL THEN
        INSERT INTO public.evidence_forgotten (cause, facts, concerned, day, at, salt)
        VALUES (why, 0, 0, today, now(), uuid_send(gen_random_uuid())) RETURNING id INTO note;
    END IF;
    RETURN note;
END $$;

CREATE OR REPLACE FUNCTION forget_evidence(ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    still_needed bigint;
    note bigint;
    gone bigint;
    whose bigint;
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
    IF NOT EXISTS (SELECT FROM public.evidence_evidence WHERE id = ANY(ids)) THEN
        RETURN 0;
    END IF;
    note := public.forgotten_note(why);
    -- So that the trigger on the table lets them go.
    PERFORM set_config('healthcode.forgetting', 'on', true);
    WITH deleted AS (
        DELETE FROM public.evidence_evidence WHERE id = ANY(ids)
        RETURNING person_id, batch_id, line, end_batch_id, end_line
    ), noted AS (
        INSERT INTO public.evidence_forgottenlines AS held (forgotten_id, batch_id, lines)
        SELECT note, batch, public.line_bits(array_agg(line))
        FROM (SELECT batch_id, line FROM deleted WHERE batch_id IS NOT NULL
              UNION ALL
              SELECT end_batch_id, end_line FROM deleted WHERE end_batch_id IS NOT NULL
             ) AS reported (batch, line)
        GROUP BY batch ORDER BY batch
        ON CONFLICT (batch_id, forgotten_id)
        DO UPDATE SET lines = public.either_bits(held.lines, excluded.lines)
    )
    SELECT count(*), count(DISTINCT person_id) INTO gone, whose FROM deleted;
    PERFORM set_config('healthcode.forgetting', 'off', true);
    UPDATE public.evidence_forgotten SET facts = facts + gone, concerned = concerned + whose
    WHERE id = note;
    RETURN gone;
END $$;

CREATE FUNCTION forget_held_lines(ids bigint[], why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    still_needed bigint;
    note bigint;
    gone bigint;
    whose bigint;
BEGIN
    IF why = 'retention' THEN
        SELECT count(*) INTO still_needed
        FROM public.evidence_heldline AS held
        JOIN public.evidence_sourcebatch AS batch ON batch.id = held.batch_id
        WHERE held.id = ANY(ids)
          AND batch.at >= now() - make_interval(days => public.kept_days('evidence_heldline'));
    ELSIF why = 'erasure' THEN
        SELECT count(*) INTO still_needed
        FROM public.evidence_heldline AS held
        WHERE held.id = ANY(ids) AND NOT EXISTS (
            SELECT FROM public.accounts_act AS erasure
            WHERE erasure.kind = 'person-erased'
              AND erasure.detail->'person' = to_jsonb(held.person_id));
    ELSE
        RAISE EXCEPTION 'held lines are not forgotten by %', why
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF still_needed > 0 THEN
        RAISE EXCEPTION '% of these lines may not be forgotten by %', still_needed, why
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM public.evidence_heldline WHERE id = ANY(ids)) THEN
        RETURN 0;
    END IF;
    note := public.forgotten_note(why);
    WITH deleted AS (
        DELETE FROM public.evidence_heldline WHERE id = ANY(ids) RETURNING person_id, batch_id, line
    ), noted AS (
        INSERT INTO public.evidence_forgottenlines AS held (forgotten_id, batch_id, lines)
        SELECT note, batch_id, public.line_bits(array_agg(line::bigint))
        FROM deleted GROUP BY batch_id ORDER BY batch_id
        ON CONFLICT (batch_id, forgotten_id)
        DO UPDATE SET lines = public.either_bits(held.lines, excluded.lines)
    )
    SELECT count(*), count(DISTINCT person_id) INTO gone, whose FROM deleted;
    UPDATE public.evidence_forgotten SET facts = facts + gone, concerned = concerned + whose
    WHERE id = note;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION end_facts, forgotten_note, forget_held_lines FROM PUBLIC;
-- The audit asks which acts decided about the held lines of a report.
CREATE INDEX acts_on_held_lines ON accounts_act ((detail->'batch'))
    WHERE kind IN ('held-lines-confirmed', 'held-lines-rejected');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_acts_say_more'),
        ('evidence', '0005_facts_of_a_report'),
        ('web', '0001_partitions_of_the_owner'),
    ]

    operations = [
        migrations.AddField('evidence', 'end_batch', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='evidence.sourcebatch')),
        migrations.AddField('evidence', 'end_line', models.PositiveIntegerField(null=True)),
        migrations.AddField('evidence', 'end_salt', models.BinaryField(max_length=16, null=True)),
        migrations.AddField('sourcebatch', 'lines', models.BinaryField(db_default=b'')),
        migrations.AddField('sourcebatch', 'waiting', models.BinaryField(db_default=b'')),
        migrations.AddField('sourcebatch', 'salt', models.BinaryField(max_length=16, null=True)),
        migrations.AddField('forgotten', 'concerned', models.PositiveBigIntegerField(db_default=0)),
        migrations.AddField('forgotten', 'day', models.DateField(default=datetime.date(2020, 1, 1)), preserve_default=False),
        migrations.AddField('forgotten', 'salt', models.BinaryField(max_length=16, default=b''), preserve_default=False),
        migrations.CreateModel(
            name='ForgottenLines',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lines', models.BinaryField()),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='evidence.sourcebatch')),
                ('forgotten', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='evidence.forgotten')),
            ],
            options={
                'verbose_name_plural': 'forgotten lines',
                'constraints': [models.UniqueConstraint(fields=('batch', 'forgotten'), name='forgotten_lines_once_a_note')],
            },
        ),
        migrations.RunSQL(SETS, NO_SETS),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, LET_CHANGE),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]

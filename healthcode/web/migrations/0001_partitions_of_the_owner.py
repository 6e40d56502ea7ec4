from django.db import migrations

# The service's role owns no table, so the owner's functions make and drop its partitions
# (docs/decisions/0042-two-database-roles.md). `kept_days` says for which tables, and how long each
# keeps its rows; `manage.py migrate` replaces it with one that has the tables and the settings.
# Names are written out and the search path is fixed, so that nobody puts an object of their own in
# the way.
PARTITIONS = """
CREATE FUNCTION kept_days(of_table text) RETURNS integer LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS 'SELECT NULL::integer';

CREATE FUNCTION require_daily_table(of_table text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF public.kept_days(of_table) IS NULL OR NOT EXISTS (
        SELECT FROM pg_partitioned_table
        WHERE partrelid = to_regclass(format('public.%I', of_table))
    ) THEN
        RAISE EXCEPTION 'table % has no partitions by day', of_table
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE FUNCTION make_partition(of_table text, of_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := of_table || to_char(of_day, '_YYYYMMDD');
BEGIN
    PERFORM public.require_daily_table(of_table);
    -- Of two processes the first makes the partition, and the second then finds it.
    PERFORM pg_advisory_xact_lock(hashtext(of_table));
    IF to_regclass(format('public.%I', part)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', of_table || '_default');
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, of_table);
    EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE day = $1 RETURNING *)'
                   ' INSERT INTO public.%I SELECT * FROM moved', of_table || '_default', part)
        USING of_day;
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, part, of_day, of_day + 1);
END $$;

CREATE FUNCTION drop_partition(of_table text, of_day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.require_daily_table(of_table);
    -- By the clock of the database: the service cannot say that it is later than it is.
    IF (of_day < (now() AT TIME ZONE 'Asia/Shanghai')::date - public.kept_days(of_table))
        IS NOT TRUE
    THEN
        RAISE EXCEPTION 'table % keeps its rows of %', of_table, of_day
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS public.%I', of_table || to_char(of_day, '_YYYYMMDD'));
END $$;

REVOKE ALL ON FUNCTION make_partition, drop_partition FROM PUBLIC;
"""
BY_THE_SERVICE = "DROP FUNCTION make_partition, drop_partition, require_daily_table, kept_days"


class Migration(migrations.Migration):

    dependencies = []

    operations = [migrations.RunSQL(PARTITIONS, BY_THE_SERVICE)]

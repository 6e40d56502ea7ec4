"""A partner gets a token only while its role holds, and roles that have ended count no more."""

from django.db import migrations

MAKE = """
CREATE OR REPLACE FUNCTION issue_partner_token(partner bigint, digest bytea, scope text, ends timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.accounts_account AS account
          JOIN public.verifier_partner AS known ON known.account_id = account.id
         WHERE account.id = partner AND account.is_active
    ) OR NOT EXISTS (
        SELECT FROM public.accounts_grant AS held
         WHERE held.account_id = partner AND held.role = 'partner'
           AND (held.ends_at IS NULL OR held.ends_at > statement_timestamp())
    ) OR EXISTS (
        SELECT FROM public.accounts_grant AS held
         WHERE held.account_id = partner AND held.role <> 'partner'
           AND (held.ends_at IS NULL OR held.ends_at > statement_timestamp())
    ) THEN
        RAISE EXCEPTION 'account % is not a partner alone, so it may not get this token', partner
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.accounts_token (digest, account_id, label, scope, expires_at)
    VALUES (digest, partner, 'client credentials', scope, ends);
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION issue_partner_token(partner bigint, digest bytea, scope text, ends timestamptz)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.accounts_account AS account
          JOIN public.verifier_partner AS known ON known.account_id = account.id
         WHERE account.id = partner AND account.is_active
    ) OR EXISTS (
        SELECT FROM public.accounts_grant AS held
         WHERE held.account_id = partner AND held.role <> 'partner'
    ) THEN
        RAISE EXCEPTION 'account % is not a partner alone, so it may not get this token', partner
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.accounts_token (digest, account_id, label, scope, expires_at)
    VALUES (digest, partner, 'client credentials', scope, ends);
END $$;
"""


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("verifier", "0002_tokens_of_partners_by_a_function"),
        ("accounts", "0019_grants_end"),
    ]

    operations = [
        migrations.RunSQL(MAKE, BEFORE),
    ]

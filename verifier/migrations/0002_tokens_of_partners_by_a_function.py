"""Tokens of partners are made by a function of the owner.

A process of doors gives tokens to partners. If it could add rows to the table of tokens, it could
make a token of an officer.
"""

from django.db import migrations

MAKE = """
CREATE FUNCTION issue_partner_token(partner bigint, digest bytea, scope text, ends timestamptz)
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
REVOKE ALL ON FUNCTION issue_partner_token FROM PUBLIC;
"""


class Migration(migrations.Migration):
    """See the module."""

    dependencies = [
        ("verifier", "0001_initial"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(MAKE, "DROP FUNCTION issue_partner_token"),
    ]

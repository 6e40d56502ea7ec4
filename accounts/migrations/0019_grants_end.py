from django.db import migrations, models

# As in 0001, but a grant that has ended gives no right. The signature stays, because processes of
# version 1.0 call the function too.
FIND_TOKEN = """
CREATE OR REPLACE FUNCTION accounts_token_of(digest bytea, at timestamptz)
RETURNS TABLE (id bigint, expires_at timestamptz, scope text, account bigint, grants text[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT token.id, token.expires_at, token.scope::text, holder.id, ARRAY(
               SELECT granted.role || ':' || granted.area FROM accounts_grant AS granted
                WHERE granted.account_id = holder.id
                  AND (granted.ends_at IS NULL OR granted.ends_at > at))
      FROM accounts_token AS token
      JOIN accounts_account AS holder ON holder.id = token.account_id
     WHERE token.digest = accounts_token_of.digest AND token.expires_at > at AND holder.is_active;
END $$
"""
FIND_TOKEN_BEFORE = """
CREATE OR REPLACE FUNCTION accounts_token_of(digest bytea, at timestamptz)
RETURNS TABLE (id bigint, expires_at timestamptz, scope text, account bigint, grants text[])
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT token.id, token.expires_at, token.scope::text, holder.id, ARRAY(
               SELECT granted.role || ':' || granted.area FROM accounts_grant AS granted
                WHERE granted.account_id = holder.id)
      FROM accounts_token AS token
      JOIN accounts_account AS holder ON holder.id = token.account_id
     WHERE token.digest = accounts_token_of.digest AND token.expires_at > at AND holder.is_active;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0018_proofs_of_guardians'),
    ]

    operations = [
        migrations.AddField(
            model_name='grant',
            name='ends_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(FIND_TOKEN, FIND_TOKEN_BEFORE),
    ]

from django.db import migrations


# The whole colour row, so that a code is signed only from a row that decide() agrees with. A
# connection plans a function's statement once and keeps the plan (see 0001). The functions of 0001
# stay, because processes of version 1.0 still call them during an upgrade.
CODE_INPUT = """
CREATE FUNCTION codes_input(person bigint, account bigint, declaration text)
RETURNS TABLE (
    declared boolean, colour integer, since timestamptz, changes integer,
    next_change_at timestamptz, policy integer, name_sealed bytea, number_index bytea
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT EXISTS (SELECT FROM evidence_evidence AS evidence
                   WHERE evidence.person_id = person AND evidence.kind = declaration
                     AND evidence.withdrawn_by_id IS NULL),
           stored.colour::integer, stored.since, stored.changes::integer,
           stored.next_change_at, stored.policy_id::integer,
           identity.name_sealed, identity.number_index
      FROM accounts_guardianship AS guardianship
      LEFT JOIN colours_personcolour AS stored ON stored.person_id = guardianship.person_id
      LEFT JOIN accounts_identity AS identity ON identity.person_id = guardianship.person_id
     WHERE guardianship.person_id = person AND guardianship.account_id = account;
END $$
"""
INPUT_BY_TOKEN = """
CREATE FUNCTION codes_input_by_token(digest bytea, at timestamptz, person bigint, declaration text)
RETURNS TABLE (
    id bigint, expires_at timestamptz, scope text, account bigint, grants text[],
    declared boolean, colour integer, since timestamptz, changes integer,
    next_change_at timestamptz, policy integer, name_sealed bytea, number_index bytea
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT token.*, input.*
      FROM accounts_token_of(digest, at) AS token
      LEFT JOIN LATERAL codes_input(person, token.account, declaration) AS input ON true;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("codes", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(CODE_INPUT, "DROP FUNCTION codes_input"),
        migrations.RunSQL(INPUT_BY_TOKEN, "DROP FUNCTION codes_input_by_token"),
    ]

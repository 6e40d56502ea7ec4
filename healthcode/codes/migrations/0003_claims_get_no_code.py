from django.db import migrations


# As in 0002, and what a claim needs: when it was made, and whether anybody but the claimant has
# reported anything about the person. A proven guardianship costs nothing more.
CODE_INPUT = """
CREATE FUNCTION codes_input(person bigint, account bigint, declaration text)
RETURNS TABLE (
    declared boolean, colour integer, since timestamptz, changes integer,
    next_change_at timestamptz, policy integer, name_sealed bytea, number_index bytea,
    claimed_at timestamptz, reported boolean
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    SELECT EXISTS (SELECT FROM evidence_evidence AS evidence
                   WHERE evidence.person_id = person AND evidence.kind = declaration
                     AND evidence.withdrawn_by_id IS NULL),
           stored.colour::integer, stored.since, stored.changes::integer,
           stored.next_change_at, stored.policy_id::integer,
           identity.name_sealed, identity.number_index,
           CASE WHEN guardianship.proof IS NULL THEN guardianship.since END,
           guardianship.proof IS NULL AND evidence_reported(person, account)
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
    next_change_at timestamptz, policy integer, name_sealed bytea, number_index bytea,
    claimed_at timestamptz, reported boolean
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
        ("accounts", "0013_proofs"),
        ("codes", "0002_read_the_whole_colour_row"),
        ("evidence", "0008_reported_by_others"),
    ]

    # No version that was published calls the functions of 0002.
    operations = [
        migrations.RunSQL("DROP FUNCTION codes_input_by_token"),
        migrations.RunSQL("DROP FUNCTION codes_input"),
        migrations.RunSQL(CODE_INPUT),
        migrations.RunSQL(INPUT_BY_TOKEN),
    ]

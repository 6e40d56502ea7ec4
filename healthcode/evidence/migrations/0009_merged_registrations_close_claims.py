from django.db import migrations

BEFORE = """
CREATE OR REPLACE FUNCTION evidence_reported(person bigint, account bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM evidence_evidence AS fact
                   WHERE fact.person_id = person AND fact.source_id <> account)
        OR EXISTS (SELECT FROM evidence_heldline AS line WHERE line.person_id = person);
END $$
"""
# An officer who merges registrations says something about each of them.
NOW = """
CREATE OR REPLACE FUNCTION evidence_reported(person bigint, account bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM evidence_evidence AS fact
                   WHERE fact.person_id = person AND fact.source_id <> account)
        OR EXISTS (SELECT FROM evidence_heldline AS line WHERE line.person_id = person)
        OR EXISTS (SELECT FROM accounts_mergedregistration AS merged
                   WHERE merged.person_id = person);
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("evidence", "0008_reported_by_others"),
        ("accounts", "0021_registrations_of_one_person"),
    ]

    operations = [
        migrations.RunSQL(NOW, BEFORE),
    ]

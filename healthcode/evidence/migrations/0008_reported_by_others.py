from django.db import migrations


REPORTED = """
CREATE FUNCTION evidence_reported(person bigint, account bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM evidence_evidence AS fact
                   WHERE fact.person_id = person AND fact.source_id <> account)
        OR EXISTS (SELECT FROM evidence_heldline AS line WHERE line.person_id = person);
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ("evidence", "0007_find_ends_by_report"),
    ]

    operations = [
        migrations.RunSQL(REPORTED, "DROP FUNCTION evidence_reported"),
    ]

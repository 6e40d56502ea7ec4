from django.db import migrations

# Whoever can write to the table could otherwise let anybody's tests release somebody else.
NAMED = """
CREATE FUNCTION acts_names_merged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM accounts_act
        WHERE id = NEW.whose AND kind = 'registrations-merged'
          AND detail->'registrations' @> to_jsonb(NEW.person_id)
    ) THEN
        RAISE EXCEPTION 'no act merged the registration of person %', NEW.person_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER acts_names_merged BEFORE INSERT OR UPDATE ON accounts_mergedregistration
    FOR EACH ROW EXECUTE FUNCTION acts_names_merged();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('acts', '0010_acts_that_prove_guardianships'),
        ('accounts', '0021_registrations_of_one_person'),
    ]

    operations = [
        # accounts lies below acts and cannot name it. The table is new and empty.
        migrations.RunSQL(
            """
            ALTER TABLE accounts_mergedregistration ADD CONSTRAINT merging_act_known
                FOREIGN KEY (act) REFERENCES accounts_act (id);
            """,
            "ALTER TABLE accounts_mergedregistration DROP CONSTRAINT merging_act_known;",
        ),
        migrations.RunSQL(
            NAMED,
            """
            DROP TRIGGER acts_names_merged ON accounts_mergedregistration;
            DROP FUNCTION acts_names_merged;
            """,
        ),
    ]

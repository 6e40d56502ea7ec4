from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('acts', '0009_unusual_looks'),
        ('accounts', '0013_proofs'),
    ]

    operations = [
        # accounts lies below acts and cannot name it. No guardianship of before has an act, so
        # there is nothing to validate.
        migrations.RunSQL(
            """
            ALTER TABLE accounts_guardianship ADD CONSTRAINT guardianship_act_known
                FOREIGN KEY (act) REFERENCES accounts_act (id) NOT VALID;
            """,
            "ALTER TABLE accounts_guardianship DROP CONSTRAINT guardianship_act_known;",
        ),
    ]

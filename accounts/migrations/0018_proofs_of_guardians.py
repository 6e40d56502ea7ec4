import django.contrib.postgres.operations
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0017_guardian_codes'),
    ]

    operations = [
        django.contrib.postgres.operations.ValidateConstraint(
            model_name='guardianship',
            name='guardianship_proof_known',
        ),
        django.contrib.postgres.operations.ValidateConstraint(
            model_name='guardianship',
            name='guardianship_proven_since',
        ),
    ]

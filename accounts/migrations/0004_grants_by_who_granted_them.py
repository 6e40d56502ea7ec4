import django.contrib.postgres.operations
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0003_grants_say_who_granted_them'),
    ]

    operations = [
        django.contrib.postgres.operations.ValidateConstraint(
            model_name='grant',
            name='grant_role_known',
        ),
        django.contrib.postgres.operations.AddIndexConcurrently(
            model_name='grant',
            index=models.Index(condition=models.Q(('granted_by__isnull', False)), fields=['granted_by'], name='grants_made'),
        ),
    ]

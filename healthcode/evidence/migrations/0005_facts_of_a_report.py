import django.contrib.postgres.operations
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('evidence', '0004_lines_held_by_an_alarm'),
    ]

    operations = [
        django.contrib.postgres.operations.AddIndexConcurrently(
            model_name='evidence',
            index=models.Index(condition=models.Q(('batch__isnull', False)), fields=['batch'], name='evidence_of_report'),
        ),
    ]

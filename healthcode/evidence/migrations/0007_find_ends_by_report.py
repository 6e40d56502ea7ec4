from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [('evidence', '0006_forgotten_lines_are_noted')]

    operations = [
        AddIndexConcurrently('evidence', models.Index(condition=models.Q(('end_batch__isnull', False)), fields=['end_batch', 'end_line'], name='evidence_ended_by_batch')),
    ]

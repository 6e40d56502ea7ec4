import django.contrib.postgres.operations
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_acts_say_more'),
    ]

    operations = [
        migrations.AddField(
            model_name='grant',
            name='granted_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grants_made', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='grant',
            name='role',
            field=models.CharField(choices=[('resident', 'Resident'), ('officer', 'Officer'), ('venue_manager', 'Venue Manager'), ('source', 'Source'), ('partner', 'Partner'), ('administrator', 'Administrator')], max_length=16),
        ),
        migrations.RemoveConstraint(
            model_name='grant',
            name='grant_role_known',
        ),
        # Every resident has a grant, so the next migration reads them all outside this lock.
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['resident', 'officer', 'venue_manager', 'source', 'partner', 'administrator'])), name='grant_role_known'),
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0020_step_up'),
    ]

    operations = [
        migrations.CreateModel(
            name='MergedRegistration',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='merged', serialize=False, to='accounts.person')),
                ('whose', models.BigIntegerField(db_index=True)),
                ('act', models.BigIntegerField()),
            ],
        ),
    ]

import django.contrib.postgres.operations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_devices_can_be_ended'),
    ]

    operations = [
        migrations.CreateModel(
            name='RosterEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('id_type', models.CharField(choices=[('10', 'Resident ID card'), ('14', 'Mainland travel permit for Hong Kong and Macao residents'), ('15', 'Mainland travel permit for Taiwan residents'), ('16', 'Single-entry travel permit for Taiwan residents'), ('20', 'Passport'), ('34', 'Foreign permanent resident ID card'), ('99', 'Other document')], max_length=2)),
                ('number_index', models.BinaryField(max_length=32)),
                ('name_index', models.BinaryField(max_length=32)),
                ('phone_index', models.BinaryField(max_length=32, null=True)),
            ],
            options={
                'verbose_name_plural': 'roster entries',
            },
        ),
        migrations.AddField(
            model_name='guardianship',
            name='act',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='guardianship',
            name='proof',
            field=models.CharField(choices=[('earlier', 'Registered before proofs were asked for.'), ('register', 'The register knows this name, document and phone number.'), ('document', 'An officer has seen the identity document.')], db_default='earlier', max_length=8, null=True),
        ),
        migrations.AddField(
            model_name='guardianship',
            name='proven_at',
            field=models.DateTimeField(null=True),
        ),
        # The next migration reads the guardianships of all people, outside this lock.
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(('proof__isnull', True), ('proof__in', ['earlier', 'register', 'document']), _connector='OR'), name='guardianship_proof_known'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('proof__isnull', False), ('proof__in', ['register', 'document'])), ('proven_at__isnull', False)), models.Q(models.Q(('proof__isnull', True), ('proof', 'earlier'), _connector='OR'), ('proven_at__isnull', True)), _connector='OR'), name='guardianship_proven_since'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(('act__isnull', True), models.Q(('proof', 'document'), ('proof__isnull', False)), _connector='OR'), name='guardianship_proven_by_act'),
        ),
        migrations.AddConstraint(
            model_name='rosterentry',
            constraint=models.UniqueConstraint(fields=('id_type', 'number_index'), name='once_in_the_roster'),
        ),
        migrations.AddConstraint(
            model_name='rosterentry',
            constraint=models.CheckConstraint(condition=models.Q(('id_type__in', ['10', '14', '15', '16', '20', '34', '99'])), name='roster_type_known'),
        ),
    ]

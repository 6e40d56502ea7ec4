import django.contrib.postgres.operations
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_account_events'),
    ]

    operations = [
        migrations.CreateModel(
            name='GuardianCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('ending', models.CharField(blank=True, choices=[('used', 'Used'), ('withdrawn', 'Withdrawn')], default='', max_length=9)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='guardianship',
            name='guardianship_proof_known',
        ),
        migrations.RemoveConstraint(
            model_name='guardianship',
            name='guardianship_proven_since',
        ),
        migrations.AlterField(
            model_name='guardianship',
            name='proof',
            field=models.CharField(choices=[('earlier', 'Registered before proofs were asked for.'), ('guardian', 'Somebody who has proven it let this phone number join.'), ('register', 'The register knows this name, document and phone number.'), ('document', 'An officer has seen the identity document.')], db_default='earlier', max_length=8, null=True),
        ),
        # The next migration reads the guardianships of all people, outside this lock.
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(('proof__isnull', True), ('proof__in', ['earlier', 'guardian', 'register', 'document']), _connector='OR'), name='guardianship_proof_known'),
        ),
        django.contrib.postgres.operations.AddConstraintNotValid(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('proof__isnull', False), ('proof__in', ['guardian', 'register', 'document'])), ('proven_at__isnull', False)), models.Q(models.Q(('proof__isnull', True), ('proof', 'earlier'), _connector='OR'), ('proven_at__isnull', True)), _connector='OR'), name='guardianship_proven_since'),
        ),
        migrations.AddField(
            model_name='guardiancode',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='guardiancode',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.person'),
        ),
        migrations.AddConstraint(
            model_name='guardiancode',
            constraint=models.UniqueConstraint(condition=models.Q(('ending', '')), fields=('account', 'person'), name='one_open_guardian_code'),
        ),
        migrations.AddConstraint(
            model_name='guardiancode',
            constraint=models.CheckConstraint(condition=models.Q(('ending__in', ['', 'used', 'withdrawn'])), name='guardian_code_ending_known'),
        ),
    ]

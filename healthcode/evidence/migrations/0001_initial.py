import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# What `Evidence` promises, held where no program can go round it: a fact stays as it was received.
# It may be closed once, withdrawn once, and removed only by a transaction that says it forgets
# (SET LOCAL healthcode.forgetting = 'on'), which is how retention and erasure go about it.
KEEP_FACTS = """
CREATE FUNCTION evidence_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('healthcode.forgetting', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.ends IS NOT NULL AND NEW.ends IS DISTINCT FROM OLD.ends)
        OR (OLD.end_received_at IS NOT NULL
            AND NEW.end_received_at IS DISTINCT FROM OLD.end_received_at)
        OR (OLD.withdrawn_by_id IS NOT NULL
            AND NEW.withdrawn_by_id IS DISTINCT FROM OLD.withdrawn_by_id)
        OR (NEW.id, NEW.person_id, NEW.kind, NEW.starts, NEW.starts_by, NEW.area_id, NEW.traits,
            NEW.detail, NEW.day, NEW.source_id, NEW.reference, NEW.certificate, NEW.derived_from_id,
            NEW.received_at)
           IS DISTINCT FROM
           (OLD.id, OLD.person_id, OLD.kind, OLD.starts, OLD.starts_by, OLD.area_id, OLD.traits,
            OLD.detail, OLD.day, OLD.source_id, OLD.reference, OLD.certificate, OLD.derived_from_id,
            OLD.received_at)
    THEN
        RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER evidence_is_kept BEFORE UPDATE OR DELETE ON evidence_evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_is_kept();
"""
LET_GO = """
DROP TRIGGER evidence_is_kept ON evidence_evidence;
DROP FUNCTION evidence_is_kept();
"""
# Facts are few a person. What a sample of tens of millions of rows makes PostgreSQL believe is
# eighteen times as many; then it plans for millions of rows where thousands come.
FEW_A_PERSON = """
ALTER TABLE evidence_evidence ALTER COLUMN person_id SET (n_distinct = -0.2);
"""
AS_SAMPLED = """
ALTER TABLE evidence_evidence ALTER COLUMN person_id RESET (n_distinct);
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('areas', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('declaration', 'Declaration'), ('stay', 'Stay'), ('contact', 'Contact'), ('case', 'Case'), ('test', 'Test'), ('check_in', 'Check In'), ('recovery', 'Recovery'), ('vaccination', 'Vaccination')], max_length=12)),
                ('starts', models.DateTimeField()),
                ('starts_by', models.DateTimeField(null=True)),
                ('ends', models.DateTimeField(null=True)),
                ('traits', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), default=list, size=None)),
                ('detail', models.JSONField(default=dict)),
                ('day', models.DateField(null=True)),
                ('reference', models.CharField(max_length=64, null=True)),
                ('certificate', models.BinaryField(max_length=32, null=True)),
                ('received_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('end_received_at', models.DateTimeField(null=True)),
                ('area', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='areas.area')),
                ('derived_from', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='evidence.evidence')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='accounts.person')),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.act')),
            ],
            options={
                'verbose_name_plural': 'evidence',
                'indexes': [models.Index(fields=['person', 'kind'], name='evidence_of_person'), models.Index(condition=models.Q(('derived_from__isnull', False)), fields=['derived_from'], name='evidence_derived'), models.Index(condition=models.Q(('kind', 'stay')), fields=['area', 'person'], name='stays_in_area', opclasses=['varchar_pattern_ops', 'int8_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['declaration', 'stay', 'contact', 'case', 'test', 'check_in', 'recovery', 'vaccination'])), name='evidence_kind_known'), models.CheckConstraint(condition=models.Q(('ends__isnull', True), ('ends__gte', models.F('starts')), _connector='OR'), name='evidence_ends_after_start'), models.CheckConstraint(condition=models.Q(('starts_by__isnull', True), ('starts_by__gt', models.F('starts')), _connector='OR'), name='evidence_starts_by_after_start'), models.CheckConstraint(condition=models.Q(('kind__in', ('stay', 'contact', 'case')), ('ends__isnull', False), _connector='OR'), name='only_what_lasts_goes_on'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'stay'), _negated=True), ('area__isnull', False), _connector='OR'), name='stay_has_an_area'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'check_in'), _negated=True), ('day__isnull', False), _connector='OR'), name='check_in_has_a_day'), models.UniqueConstraint(condition=models.Q(('kind', 'check_in'), ('withdrawn_by__isnull', True)), fields=('person', 'day'), name='one_check_in_a_day'), models.UniqueConstraint(condition=models.Q(('reference__isnull', False)), fields=('source', 'kind', 'reference'), name='source_reference_once'), models.UniqueConstraint(condition=models.Q(('certificate__isnull', False), ('withdrawn_by__isnull', True)), fields=('certificate',), name='certificate_counts_once')],
            },
        ),
        migrations.CreateModel(
            name='DocumentSigner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('country', models.CharField(max_length=2)),
                ('kid', models.BinaryField(max_length=8)),
                ('digest', models.BinaryField(max_length=32)),
                ('certificate', models.BinaryField()),
                ('not_before', models.DateTimeField()),
                ('not_after', models.DateTimeField()),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.act')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.act')),
            ],
            options={
                'indexes': [models.Index(fields=['kid'], name='document_signer_by_key')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_by__isnull', True)), fields=('country', 'digest'), name='document_signer_once'), models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='document_signer_has_a_country')],
            },
        ),
        migrations.RunSQL(KEEP_FACTS, LET_GO),
        migrations.RunSQL(FEW_A_PERSON, AS_SAMPLED),
    ]

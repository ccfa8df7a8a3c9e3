"""What is dated is never rewritten: a return to the answer of the themes, the opinions behind a public report; sendings in one mail."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# Half a place is no place.
WHOLE_PLACES = """
UPDATE consultations_consultation SET latitude = NULL, longitude = NULL WHERE (latitude IS NULL) <> (longitude IS NULL);
"""

# The versions published before: with the themes of today, the best that is known.
FORWARD = """
UPDATE consultations_telling SET begun_at = finished_at;

INSERT INTO consultations_reportrow (report_id, item_id, part, themes, comments, agree, mixed, disagree)
SELECT r.id, i.id, coalesce(s.rank, 0), coalesce(t.themes, '{}'), coalesce(c.comment_count, 0),
    coalesce(c.agree_count + c.imported_agree_count, 0), coalesce(c.mixed_count + c.imported_mixed_count, 0),
    coalesce(c.disagree_count + c.imported_disagree_count, 0)
FROM consultations_report r JOIN consultations_item i ON i.consultation_id = r.consultation_id
LEFT JOIN consultations_contribution c ON c.id = i.contribution_id
LEFT JOIN (
    SELECT id, row_number() OVER (PARTITION BY consultation_id ORDER BY position, id) AS rank FROM consultations_section
) s ON s.id = i.section_id
LEFT JOIN (
    SELECT l.item_id, array_agg(h.reference ORDER BY h.title, h.id) AS themes FROM consultations_itemtheme l
    JOIN consultations_analysistheme h ON h.id = l.theme_id GROUP BY 1
) t ON t.item_id = coalesce(i.grouped_with_id, i.id)
WHERE r.published_at IS NOT NULL AND i.place NOT IN ('withdrawn', 'hidden')
ORDER BY r.id, i.received_at, i.id;

CREATE FUNCTION report_row_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND EXISTS (
        SELECT 1 FROM consultations_report r WHERE r.id = NEW.report_id AND r.published_at IS NULL
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the opinions behind a published report never change' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER report_row_rows BEFORE INSERT OR UPDATE OR DELETE ON consultations_reportrow
    FOR EACH ROW EXECUTE FUNCTION report_row_kept();

CREATE TRIGGER outcome_return_rows BEFORE UPDATE OR DELETE ON consultations_outcomereturn
    FOR EACH ROW EXECUTE FUNCTION outcome_append_only();
"""

BACKWARD = """
DROP TRIGGER outcome_return_rows ON consultations_outcomereturn;
DROP TRIGGER report_row_rows ON consultations_reportrow;
DROP FUNCTION report_row_kept();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('city', '0006_tiles'),
        ('consultations', '0018_tables_of_meetings'),
    ]

    operations = [
        migrations.CreateModel(
            name='OutcomeReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=600, verbose_name='pourquoi')),
                ('returned_at', models.DateTimeField(verbose_name='décidé le')),
            ],
            options={
                'verbose_name': 'retour à la réponse des thèmes',
                'verbose_name_plural': 'retours à la réponse des thèmes',
            },
        ),
        migrations.CreateModel(
            name='ReportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.PositiveSmallIntegerField(verbose_name='partie')),
                ('themes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=8), size=None, verbose_name='références de ses sujets')),
                ('comments', models.PositiveIntegerField(verbose_name='commentaires')),
                ('agree', models.PositiveIntegerField(verbose_name='d’accord')),
                ('mixed', models.PositiveIntegerField(verbose_name='mitigés')),
                ('disagree', models.PositiveIntegerField(verbose_name='pas d’accord')),
            ],
            options={
                'verbose_name': 'avis d’un bilan',
                'verbose_name_plural': 'avis des bilans',
            },
        ),
        migrations.RemoveConstraint(
            model_name='consultation',
            name='consultation_near_mulhouse',
        ),
        migrations.AddField(
            model_name='telling',
            name='begun_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='envoi commencé le'),
        ),
        migrations.AlterField(
            model_name='telling',
            name='finished_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='terminé le'),
        ),
        migrations.AlterField(
            model_name='telling',
            name='people',
            field=models.PositiveIntegerField(default=0, verbose_name='personnes'),
        ),
        migrations.RunSQL(WHOLE_PLACES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', True), ('longitude__isnull', True)), models.Q(('latitude__isnull', False), ('latitude__range', (47.6, 47.9)), ('longitude__isnull', False), ('longitude__range', (7.1, 7.6))), _connector='OR'), name='consultation_near_mulhouse', violation_error_message='Indiquez la latitude et la longitude, à Mulhouse ou tout près.'),
        ),
        migrations.AddField(
            model_name='outcomereturn',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='consultations.item'),
        ),
        migrations.AddField(
            model_name='outcomereturn',
            name='outcome',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='returned', to='consultations.outcome'),
        ),
        migrations.AddField(
            model_name='reportrow',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='report_rows', to='consultations.item'),
        ),
        migrations.AddField(
            model_name='reportrow',
            name='report',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='consultations.report'),
        ),
        migrations.AddConstraint(
            model_name='outcomereturn',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='outcome_return_explained', violation_error_message='Dites pourquoi.'),
        ),
        migrations.AddConstraint(
            model_name='reportrow',
            constraint=models.UniqueConstraint(fields=('report', 'item'), name='report_row_once'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]

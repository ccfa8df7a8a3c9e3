"""A threshold says by when its promise is kept, an event that it was; an answer leads to its act."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ideas', '0006_coauthors'),
    ]

    operations = [
        migrations.AddField(
            model_name='answer',
            name='act_url',
            field=models.URLField(blank=True, db_default='', max_length=400, verbose_name='adresse de l’acte'),
        ),
        migrations.AddField(
            model_name='answer',
            name='detail',
            field=models.TextField(blank=True, db_default='', verbose_name='détail'),
        ),
        migrations.AddField(
            model_name='answer',
            name='detail_html',
            field=models.TextField(blank=True, db_default='', verbose_name='détail affiché'),
        ),
        migrations.AddField(
            model_name='event',
            name='threshold',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='ideas.threshold', verbose_name='seuil'),
        ),
        migrations.AddField(
            model_name='threshold',
            name='days',
            field=models.PositiveSmallIntegerField(db_default=180, default=180, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)], verbose_name='jours pour tenir la promesse'),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('step', 'Étape faite'), ('date', 'Date changée'), ('news', 'Nouvelle'), ('abandoned', 'Projet abandonné'), ('promise', 'Promesse tenue')], default='news', max_length=9, verbose_name='sorte'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'promise'), ('threshold__isnull', False)), models.Q(models.Q(('kind', 'promise'), _negated=True), ('threshold__isnull', True)), _connector='OR'), name='idea_event_promise'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(condition=models.Q(('threshold__isnull', False)), fields=('idea', 'threshold'), name='idea_event_promise_once'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(('days__range', (1, 730))), name='threshold_promise_days'),
        ),
    ]

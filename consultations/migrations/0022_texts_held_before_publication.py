"""What waits for moderation before it is public: how each consultation chose it, and the texts themselves."""

import django.core.validators
import django.db.models.deletion
import mulhouse.references
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('city', '0006_tiles'),
        ('consultations', '0021_search_of_comments'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HeldText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('sort', models.CharField(choices=[('contribution', 'Contribution'), ('comment', 'Commentaire'), ('correction', 'Correction')], max_length=12, verbose_name='sorte')),
                ('words', models.JSONField(blank=True, default=dict, verbose_name='texte')),
                ('cause', models.CharField(choices=[('held', 'Dans cette consultation, chaque texte est relu avant de paraître.'), ('new_account', 'Votre texte contient un lien et votre compte est récent\xa0: il est relu avant de paraître.'), ('masking', 'Vous avez gardé des données qui peuvent être personnelles\xa0: votre texte est relu avant de paraître.')], max_length=12, verbose_name='raison')),
                ('submitted_at', models.DateTimeField(verbose_name='déposé le')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refusé le')),
                ('refused_clause', models.CharField(blank=True, max_length=8, verbose_name='article de la charte')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='repris le')),
            ],
            options={
                'verbose_name': 'texte en attente de relecture',
                'verbose_name_plural': 'textes en attente de relecture',
                'ordering': ('-submitted_at', '-pk'),
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='consultation',
            name='moderation',
            field=models.CharField(choices=[('after', 'après publication'), ('prior', 'avant publication')], db_default='after', default='after', max_length=5, verbose_name='relecture des textes'),
        ),
        migrations.AddField(
            model_name='consultation',
            name='review_hours',
            field=models.PositiveSmallIntegerField(db_default=16, default=16, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(80)], verbose_name='délai de relecture (en heures ouvrées)'),
        ),
        migrations.AddField(
            model_name='contribution',
            name='submitted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='déposée le'),
        ),
        migrations.AddConstraint(
            model_name='consultation',
            constraint=models.CheckConstraint(condition=models.Q(('review_hours__range', (1, 80))), name='consultation_review_hours', violation_error_message='Entre une heure et 80\xa0heures ouvrées.'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(('submitted_at__isnull', True), models.Q(('section__isnull', False), models.Q(('body', ''), _negated=True)), _connector='OR'), name='contribution_submitted_whole'),
        ),
        migrations.AddField(
            model_name='heldtext',
            name='author',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='held_texts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='heldtext',
            name='consultation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='held_texts', to='consultations.consultation'),
        ),
        migrations.AddField(
            model_name='heldtext',
            name='contribution',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held_texts', to='consultations.contribution'),
        ),
        migrations.AddField(
            model_name='heldtext',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='held_replies', to='consultations.comment'),
        ),
        migrations.AddIndex(
            model_name='heldtext',
            index=models.Index(models.F('author'), models.OrderBy(models.F('submitted_at'), descending=True), name='held_text_author'),
        ),
        migrations.AddConstraint(
            model_name='heldtext',
            constraint=models.CheckConstraint(condition=models.Q(('released_at__isnull', True), models.Q(('refused_at__isnull', True), ('withdrawn_at__isnull', True)), _connector='OR'), name='held_text_one_end'),
        ),
        migrations.AddConstraint(
            model_name='heldtext',
            constraint=models.UniqueConstraint(condition=models.Q(('refused_at__isnull', True), ('released_at__isnull', True), ('sort__in', ('contribution', 'correction')), ('withdrawn_at__isnull', True)), fields=('contribution', 'sort'), name='held_text_once'),
        ),
    ]

"""The idea box: campaigns, ideas, supports, comments, readings, studies, answers, realisations."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import ideas.models.writing
import mulhouse.references
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('city', '0006_tiles'),
        ('desk', '0004_namesakes_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='adresse')),
                ('kind', models.CharField(choices=[('permanent', 'Boîte permanente'), ('edition', 'Campagne datée')], default='permanent', max_length=9, verbose_name='sorte')),
                ('title', models.CharField(max_length=120, verbose_name='titre')),
                ('summary', models.TextField(help_text='En langage clair, 120 mots au plus.', verbose_name='en bref')),
                ('opens_on', models.DateField(verbose_name='premier jour pour déposer')),
                ('closes_on', models.DateField(blank=True, help_text='Inclus. Vide : sans fin.', null=True, verbose_name='dernier jour pour déposer')),
                ('supports_end_on', models.DateField(blank=True, help_text='Inclus. Vide : chaque idée a le même nombre de jours, comptés de son dépôt.', null=True, verbose_name='dernier jour pour soutenir')),
                ('support_days', models.PositiveSmallIntegerField(default=90, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(730)], verbose_name='jours pour réunir des soutiens')),
                ('residency_level', models.CharField(choices=[('none', 'toute personne intéressée'), ('declared', 'les personnes qui déclarent habiter Mulhouse'), ('verified', 'les personnes dont la Ville a vérifié la résidence')], default='declared', max_length=10, verbose_name='qui peut déposer et soutenir')),
                ('minimum_age', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='âge minimum')),
                ('verified_only', models.BooleanField(default=False, verbose_name='les seuils ne comptent que les soutiens de résidences vérifiées')),
                ('least_realism', models.PositiveSmallIntegerField(default=35, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='réalisme demandé pour être étudiée (sur 100)')),
                ('budget_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='budget (en centimes)')),
                ('moderation', models.CharField(choices=[('after', 'après publication'), ('prior', 'avant publication')], default='after', max_length=5, verbose_name='les textes sont relus')),
                ('review_hours', models.PositiveSmallIntegerField(default=16, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(80)], verbose_name='délai de relecture annoncé (heures ouvrées)')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créée le')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='modifiée le')),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='publiée le')),
                ('replaced_on', models.DateField(blank=True, editable=False, null=True, verbose_name='remplacée le')),
                ('idea_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='idées')),
            ],
            options={
                'verbose_name': 'campagne d’idées',
                'verbose_name_plural': 'campagnes d’idées',
                'ordering': ('-opens_on', '-pk'),
                'permissions': (('publish_campaign', 'Peut publier une campagne d’idées'),),
                'constraints': [models.CheckConstraint(condition=models.Q(('closes_on__isnull', True), ('closes_on__gte', models.F('opens_on')), _connector='OR'), name='campaign_closes_after_start', violation_error_message='Le dernier jour vient avant le premier.'), models.CheckConstraint(condition=models.Q(models.Q(('closes_on__isnull', True), ('kind', 'permanent'), ('supports_end_on__isnull', True)), models.Q(('closes_on__isnull', False), ('kind', 'edition'), ('supports_end_on__isnull', False)), _connector='OR'), name='campaign_edition_dated', violation_error_message='Une campagne datée a un dernier jour pour déposer et un pour soutenir. La boîte permanente n’en a pas.'), models.CheckConstraint(condition=models.Q(('supports_end_on__isnull', True), ('supports_end_on__gte', models.F('closes_on')), _connector='OR'), name='campaign_supports_end_last', violation_error_message='On soutient au moins jusqu’au dernier jour des dépôts.'), models.CheckConstraint(condition=models.Q(('support_days__range', (1, 730))), name='campaign_support_days'), models.CheckConstraint(condition=models.Q(('least_realism__lte', 100)), name='campaign_realism_of_hundred')],
            },
        ),
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('author_label', models.CharField(blank=True, max_length=80, verbose_name='auteur importé')),
                ('stance', models.CharField(choices=[('for', 'Pour'), ('against', 'Contre'), ('neutral', 'Neutre')], default='neutral', max_length=8, verbose_name='sens')),
                ('is_question', models.BooleanField(default=False, verbose_name='question à l’auteur')),
                ('criterion', models.CharField(blank=True, choices=[('powers', 'Compétence'), ('legality', 'Légalité'), ('cost', 'Ordre de coût'), ('delay', 'Ordre de délai'), ('upkeep', 'Entretien'), ('overlap', 'Lien avec l’existant')], max_length=8, verbose_name='critère')),
                ('body', models.TextField(verbose_name='texte')),
                ('body_html', models.TextField(verbose_name='texte affiché')),
                ('channel', models.CharField(choices=[('web', 'en ligne'), ('desk', 'au guichet'), ('paper', 'sur papier'), ('phone', 'par téléphone'), ('room', 'en réunion'), ('import', 'reprise d’une autre plateforme')], default='web', max_length=8, verbose_name='canal')),
                ('published_at', models.DateTimeField(verbose_name='publié le')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retiré le')),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masqué le')),
                ('hidden_reason', models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='article de la charte')),
                ('reply_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='réponses')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_comments', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='ideas.comment')),
            ],
            options={
                'verbose_name': 'commentaire d’une idée',
                'verbose_name_plural': 'commentaires d’idées',
                'ordering': ('published_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Idea',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('author_label', models.CharField(blank=True, max_length=80, verbose_name='auteur importé')),
                ('signature', models.CharField(choices=[('name', 'Mon nom public'), ('district', '« Un habitant de mon quartier »')], default='name', max_length=8, verbose_name='signature')),
                ('behalf', models.CharField(choices=[('oneself', 'En mon nom'), ('association', 'Au nom d’une association'), ('council', 'Au nom d’un conseil')], default='oneself', max_length=11, verbose_name='au nom de')),
                ('behalf_name', models.CharField(blank=True, max_length=120, verbose_name='nom de l’association ou du conseil')),
                ('title', models.CharField(max_length=120, verbose_name='titre')),
                ('need', models.TextField(blank=True, verbose_name='le besoin')),
                ('need_html', models.TextField(blank=True, verbose_name='besoin affiché')),
                ('proposal', models.TextField(blank=True, verbose_name='la proposition')),
                ('proposal_html', models.TextField(blank=True, verbose_name='proposition affichée')),
                ('beneficiaries', models.CharField(blank=True, max_length=300, verbose_name='pour qui')),
                ('cost', models.CharField(blank=True, max_length=200, verbose_name='coût estimé, en mots simples')),
                ('place', models.CharField(blank=True, max_length=160, verbose_name='lieu')),
                ('channel', models.CharField(choices=[('web', 'en ligne'), ('desk', 'au guichet'), ('paper', 'sur papier'), ('phone', 'par téléphone'), ('room', 'en réunion'), ('import', 'reprise d’une autre plateforme')], default='web', max_length=8, verbose_name='canal')),
                ('charter_version', models.CharField(blank=True, max_length=20, verbose_name='version de la charte')),
                ('source_key', models.CharField(blank=True, max_length=120, null=True, unique=True, verbose_name='clé d’import')),
                ('source_url', models.CharField(blank=True, max_length=400, verbose_name='adresse d’origine')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créée le')),
                ('saved_at', models.DateTimeField(auto_now=True, verbose_name='enregistrée le')),
                ('submitted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='déposée le')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='publiée le')),
                ('corrected_at', models.DateTimeField(blank=True, null=True, verbose_name='corrigée le')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retirée le')),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masquée le')),
                ('hidden_reason', models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='article de la charte')),
                ('stage', models.CharField(choices=[('support', 'Recueille des soutiens'), ('expired', 'Délai passé'), ('study', 'À l’étude'), ('kept', 'Retenue'), ('declined', 'Non retenue'), ('already', 'Déjà fait'), ('transferred', 'Transmise'), ('going_on', 'En réalisation'), ('done', 'Réalisée'), ('abandoned', 'Abandonnée'), ('gathered', 'Regroupée')], default='support', max_length=11, verbose_name='étape')),
                ('stage_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='étape depuis')),
                ('supports_until', models.DateField(blank=True, editable=False, null=True, verbose_name='soutiens jusqu’au')),
                ('renewed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='prolongée le')),
                ('verified_only', models.BooleanField(default=False, editable=False, verbose_name='seuils sur résidences vérifiées')),
                ('verified_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='soutiens de résidences vérifiées')),
                ('declared_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='soutiens de résidences déclarées')),
                ('comment_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='commentaires')),
                ('for_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='commentaires pour')),
                ('against_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='commentaires contre')),
                ('support_total', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('verified_count'), '+', models.F('declared_count')), output_field=models.IntegerField())),
                ('counted', models.GeneratedField(db_persist=True, expression=models.Case(models.When(then=models.F('verified_count'), verified_only=True), default=django.db.models.expressions.CombinedExpression(models.F('verified_count'), '+', models.F('declared_count'))), output_field=models.IntegerField())),
                ('next_supports', models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='prochain seuil')),
                ('missing', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('next_supports'), '-', models.Case(models.When(then=models.F('verified_count'), verified_only=True), default=django.db.models.expressions.CombinedExpression(models.F('verified_count'), '+', models.F('declared_count')))), output_field=models.IntegerField(null=True))),
                ('heat', models.FloatField(default=0.0, editable=False, verbose_name='élan')),
                ('shuffle', models.PositiveIntegerField(default=ideas.models.writing.new_shuffle, editable=False, verbose_name='place au hasard')),
                ('realism', models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name='réalisme')),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.CombinedSearchVector(django.contrib.postgres.search.SearchVector(models.Func(models.F('title'), function='search_parted', output_field=models.TextField()), config='french_unaccent', weight='A'), '||', django.contrib.postgres.search.SearchVector(models.Func(models.F('need'), function='search_parted', output_field=models.TextField()), config='french_unaccent', weight='B'), django.contrib.postgres.search.SearchConfig('french_unaccent')), '||', django.contrib.postgres.search.SearchVector(models.Func(models.F('proposal'), function='search_parted', output_field=models.TextField()), config='french_unaccent', weight='B'), django.contrib.postgres.search.SearchConfig('french_unaccent')), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('title_words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(models.Func(models.F('title'), function='search_parted', output_field=models.TextField()), config='french_unaccent', weight=None), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='ideas', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ideas', to='ideas.campaign', verbose_name='campagne')),
                ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='city.district', verbose_name='quartier')),
                ('place_district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ideas', to='city.district', verbose_name='quartier du lieu')),
                ('theme', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ideas', to='city.theme', verbose_name='thème')),
            ],
            options={
                'verbose_name': 'idée',
                'verbose_name_plural': 'idées',
                'ordering': ('-published_at', '-pk'),
                'permissions': (('read_idea', 'Peut faire la première lecture d’une idée'), ('study_idea', 'Peut ouvrir et remplir une étude'), ('answer_idea', 'Peut publier la réponse de la Ville à une idée'), ('follow_idea', 'Peut dire où en est la réalisation d’une idée')),
            },
        ),
        migrations.CreateModel(
            name='HeldText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('sort', models.CharField(choices=[('idea', 'Idée'), ('comment', 'Commentaire'), ('correction', 'Correction')], max_length=10, verbose_name='sorte')),
                ('words', models.JSONField(blank=True, default=dict, verbose_name='texte')),
                ('cause', models.CharField(choices=[('held', 'Dans cette campagne, chaque texte est relu avant de paraître.'), ('new_account', 'Votre texte contient un lien et votre compte est récent\xa0: il est relu avant de paraître.'), ('masking', 'Vous avez gardé des données qui peuvent être personnelles\xa0: votre texte est relu avant de paraître.')], max_length=12, verbose_name='raison')),
                ('submitted_at', models.DateTimeField(verbose_name='déposé le')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refusé le')),
                ('refused_clause', models.CharField(blank=True, max_length=8, verbose_name='article de la charte')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='repris le')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='held_idea_texts', to=settings.AUTH_USER_MODEL)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='held_replies', to='ideas.comment')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held_texts', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'texte sur une idée, en attente de relecture',
                'verbose_name_plural': 'textes sur des idées, en attente de relecture',
                'ordering': ('-submitted_at', '-pk'),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('kind', models.CharField(choices=[('step', 'Étape faite'), ('date', 'Date changée'), ('news', 'Nouvelle'), ('abandoned', 'Projet abandonné')], default='news', max_length=9, verbose_name='sorte')),
                ('step', models.CharField(blank=True, choices=[('study', 'Étude'), ('design', 'Conception'), ('works', 'Travaux'), ('done', 'Réalisée')], max_length=6, verbose_name='étape')),
                ('happened_on', models.DateField(verbose_name='date')),
                ('date_before', models.DateField(blank=True, null=True, verbose_name='date avant')),
                ('date_after', models.DateField(blank=True, null=True, verbose_name='date après')),
                ('text', models.TextField(blank=True, verbose_name='texte')),
                ('text_html', models.TextField(blank=True, verbose_name='texte affiché')),
                ('budget_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='budget (en centimes)')),
                ('published_at', models.DateTimeField(verbose_name='publié le')),
                ('told_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='envoyé aux abonnés le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'nouvelle d’une réalisation',
                'verbose_name_plural': 'nouvelles de réalisations',
                'ordering': ('-happened_on', '-pk'),
            },
        ),
        migrations.AddField(
            model_name='comment',
            name='idea',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='ideas.idea'),
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('number', models.PositiveSmallIntegerField(verbose_name='numéro')),
                ('outcome', models.CharField(choices=[('kept', 'Retenue'), ('partly', 'Retenue en partie'), ('declined', 'Non retenue'), ('already', 'Déjà fait'), ('transferred', 'Transmise')], max_length=11, verbose_name='réponse')),
                ('reason', models.TextField(verbose_name='raisons')),
                ('reason_html', models.TextField(verbose_name='raisons affichées')),
                ('cost_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='coût (en centimes)')),
                ('next_step', models.CharField(blank=True, max_length=300, verbose_name='prochaine étape')),
                ('next_on', models.DateField(blank=True, null=True, verbose_name='date de la prochaine étape')),
                ('handed_to', models.CharField(blank=True, max_length=160, verbose_name='transmise à')),
                ('remedy', models.CharField(blank=True, max_length=300, verbose_name='ce que l’on peut faire ensuite')),
                ('signatory', models.CharField(max_length=120, verbose_name='fonction du signataire')),
                ('correction', models.CharField(blank=True, max_length=300, verbose_name='ce que cette réponse corrige')),
                ('published_at', models.DateTimeField(verbose_name='publiée le')),
                ('told_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='envoyée aux abonnés le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'réponse à une idée',
                'verbose_name_plural': 'réponses aux idées',
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='IdeaVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='version')),
                ('title', models.CharField(max_length=120, verbose_name='titre')),
                ('need', models.TextField(verbose_name='le besoin')),
                ('need_html', models.TextField(verbose_name='besoin affiché')),
                ('proposal', models.TextField(verbose_name='la proposition')),
                ('proposal_html', models.TextField(verbose_name='proposition affichée')),
                ('beneficiaries', models.CharField(blank=True, max_length=300, verbose_name='pour qui')),
                ('cost', models.CharField(blank=True, max_length=200, verbose_name='coût estimé')),
                ('replaced_at', models.DateTimeField(verbose_name='remplacée le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'version d’une idée',
                'verbose_name_plural': 'versions d’idées',
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='InternalNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(verbose_name='note')),
                ('written_at', models.DateTimeField(verbose_name='écrite le')),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_notes', to=settings.AUTH_USER_MODEL)),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'note interne',
                'verbose_name_plural': 'notes internes',
                'ordering': ('-written_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Milestone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('study', 'Étude'), ('design', 'Conception'), ('works', 'Travaux'), ('done', 'Réalisée')], max_length=6, verbose_name='étape')),
                ('first_planned_on', models.DateField(editable=False, verbose_name='annoncée d’abord pour le')),
                ('planned_on', models.DateField(verbose_name='prévue le')),
                ('done_on', models.DateField(blank=True, null=True, verbose_name='faite le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='milestones', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'étape d’une réalisation',
                'verbose_name_plural': 'étapes d’une réalisation',
                'ordering': ('planned_on', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Photo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='ordre')),
                ('file', models.FileField(upload_to='idees/', verbose_name='fichier')),
                ('name', models.CharField(max_length=120, verbose_name='nom')),
                ('alt', models.CharField(blank=True, max_length=200, verbose_name='description')),
                ('is_decorative', models.BooleanField(default=False, verbose_name='image sans information')),
                ('content_type', models.CharField(max_length=80, verbose_name='type')),
                ('size', models.PositiveBigIntegerField(verbose_name='taille (octets)')),
                ('width', models.PositiveIntegerField(blank=True, null=True)),
                ('height', models.PositiveIntegerField(blank=True, null=True)),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masquée le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photos', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'photo d’une idée',
                'verbose_name_plural': 'photos d’idées',
                'ordering': ('position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Reaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('body', models.TextField(verbose_name='texte')),
                ('body_html', models.TextField(verbose_name='texte affiché')),
                ('published_at', models.DateTimeField(verbose_name='publiée le')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retirée le')),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masquée le')),
                ('hidden_reason', models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='article de la charte')),
                ('answer', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reaction', to='ideas.answer')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_reactions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'réaction à une réponse',
                'verbose_name_plural': 'réactions aux réponses',
                'ordering': ('-published_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='numéro')),
                ('power', models.CharField(choices=[('city', 'La Ville'), ('agglomeration', 'L’agglomération'), ('other', 'Une autre collectivité ou l’État')], default='city', max_length=13, verbose_name='qui peut le faire')),
                ('handed_to', models.CharField(blank=True, max_length=160, verbose_name='transmise à')),
                ('score', models.PositiveSmallIntegerField(editable=False, verbose_name='réalisme sur 100')),
                ('published_at', models.DateTimeField(verbose_name='publiée le')),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_readings', to=settings.AUTH_USER_MODEL)),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'première lecture',
                'verbose_name_plural': 'premières lectures',
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='Criterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(choices=[('powers', 'Compétence'), ('legality', 'Légalité'), ('cost', 'Ordre de coût'), ('delay', 'Ordre de délai'), ('upkeep', 'Entretien'), ('overlap', 'Lien avec l’existant')], max_length=8, verbose_name='critère')),
                ('level', models.PositiveSmallIntegerField(choices=[(0, 'Empêche le projet'), (1, 'Très difficile'), (2, 'Possible avec des efforts'), (3, 'Facile'), (4, 'Sans difficulté')], verbose_name='niveau')),
                ('reason', models.CharField(max_length=300, verbose_name='raison publique')),
                ('reading', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='ideas.reading')),
            ],
            options={
                'verbose_name': 'critère d’une lecture',
                'verbose_name_plural': 'critères d’une lecture',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.DateTimeField(verbose_name='ouverte le')),
                ('ground', models.CharField(max_length=300, verbose_name='pourquoi elle est étudiée')),
                ('synthesis', models.TextField(blank=True, verbose_name='synthèse (interne)')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='close le')),
                ('idea', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='study', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'étude de faisabilité',
                'verbose_name_plural': 'études de faisabilité',
                'ordering': ('opened_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='StudyPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('feasibility', models.CharField(blank=True, choices=[('yes', 'Faisable'), ('if', 'Faisable si…'), ('no', 'Non faisable')], max_length=3, verbose_name='faisabilité')),
                ('condition', models.CharField(blank=True, max_length=300, verbose_name='à quelle condition')),
                ('cost_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='coût (en centimes)')),
                ('upkeep_cents', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='entretien par an (en centimes)')),
                ('delay_months', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='délai (en mois)')),
                ('constraint', models.CharField(blank=True, max_length=300, verbose_name='contrainte')),
                ('asked_at', models.DateTimeField(verbose_name='demandée le')),
                ('given_at', models.DateTimeField(blank=True, null=True, verbose_name='rendue le')),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_study_parts', to=settings.AUTH_USER_MODEL)),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='idea_studies', to='city.service', verbose_name='service')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='ideas.study')),
            ],
            options={
                'verbose_name': 'part d’une étude',
                'verbose_name_plural': 'parts d’une étude',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Support',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('web', 'en ligne'), ('desk', 'au guichet'), ('paper', 'sur papier'), ('phone', 'par téléphone'), ('room', 'en réunion'), ('import', 'reprise d’une autre plateforme')], default='web', max_length=8, verbose_name='canal')),
                ('is_verified', models.BooleanField(default=False, verbose_name='résidence vérifiée')),
                ('supported_on', models.DateField(verbose_name='jour')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='supports', to='ideas.idea')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='idea_supports', to='desk.person')),
            ],
            options={
                'verbose_name': 'soutien à une idée',
                'verbose_name_plural': 'soutiens aux idées',
            },
        ),
        migrations.CreateModel(
            name='Threshold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('supports', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='soutiens')),
                ('name', models.CharField(max_length=80, verbose_name='nom du seuil')),
                ('promise', models.CharField(max_length=300, verbose_name='ce que la Ville promet')),
                ('opens_study', models.BooleanField(default=False, verbose_name='l’idée peut être étudiée à partir de ce seuil')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='thresholds', to='ideas.campaign')),
            ],
            options={
                'verbose_name': 'seuil',
                'verbose_name_plural': 'seuils',
                'ordering': ('supports',),
            },
        ),
        migrations.CreateModel(
            name='ThresholdPassing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('percent', models.PositiveSmallIntegerField(choices=[(50, 'La moitié'), (100, 'Atteint')], verbose_name='part du chemin')),
                ('passed_at', models.DateTimeField(verbose_name='passé le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='passings', to='ideas.idea')),
                ('threshold', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='passings', to='ideas.threshold')),
            ],
            options={
                'verbose_name': 'passage d’un seuil',
                'verbose_name_plural': 'passages de seuils',
                'ordering': ('passed_at', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='EventPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('file', models.FileField(upload_to='idees/', verbose_name='fichier')),
                ('alt', models.CharField(max_length=200, verbose_name='ce que montre la photo')),
                ('content_type', models.CharField(max_length=80, verbose_name='type')),
                ('width', models.PositiveIntegerField(blank=True, null=True)),
                ('height', models.PositiveIntegerField(blank=True, null=True)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photos', to='ideas.event')),
            ],
            options={
                'verbose_name': 'photo d’une réalisation',
                'verbose_name_plural': 'photos de réalisations',
                'ordering': ('pk',),
                'constraints': [models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='idea_event_photo_alt', violation_error_message='Décrivez la photo en une phrase : elle est lue à voix haute à qui ne la voit pas.')],
            },
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_recent'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('heat'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_rising'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('support_total'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_supported'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('shuffle')), models.OrderBy(models.F('id')), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_shuffled'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('stage')), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_stage'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('place_district')), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_place'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('theme')), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_theme'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.OrderBy(models.F('campaign')), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), name='idea_campaign'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.F('missing'), models.F('id'), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True), ('next_supports__isnull', False), ('stage', 'support')), name='idea_near'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.F('stage_at'), models.F('id'), condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True), ('stage', 'study')), name='idea_waiting'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.F('supports_until'), models.F('id'), condition=models.Q(('published_at__isnull', False), ('stage', 'support')), name='idea_ending'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=models.Index(models.F('author'), models.OrderBy(models.F('saved_at'), descending=True), name='idea_author'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='idea_search'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), ('withdrawn_at__isnull', True)), fields=['title_words'], name='idea_title_words'),
        ),
        migrations.AddIndex(
            model_name='idea',
            index=django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(models.Func(django.db.models.functions.text.Lower('title'), function='f_unaccent'), name='gin_trgm_ops'), name='idea_title_trgm'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(('submitted_at__isnull', True), models.Q(models.Q(('need', ''), _negated=True), models.Q(('proposal', ''), _negated=True), ('theme__isnull', False)), _connector='OR'), name='idea_submitted_whole'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(('published_at__isnull', True), models.Q(('stage_at__isnull', False), ('supports_until__isnull', False)), _connector='OR'), name='idea_published_dated'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_at__isnull', True), ('published_at__isnull', False), _connector='OR'), name='idea_withdrawn_published'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(('hidden_at__isnull', True), ('published_at__isnull', False), _connector='OR'), name='idea_hidden_published'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('behalf', 'oneself'), ('behalf_name', '')), models.Q(models.Q(('behalf', 'oneself'), _negated=True), models.Q(('behalf_name', ''), _negated=True)), ('submitted_at__isnull', True), _connector='OR'), name='idea_behalf_named', violation_error_message='Dites au nom de qui, ou choisissez « en mon nom ».'),
        ),
        migrations.AddConstraint(
            model_name='idea',
            constraint=models.CheckConstraint(condition=models.Q(('realism__isnull', True), ('realism__lte', 100), _connector='OR'), name='idea_realism_of_hundred'),
        ),
        migrations.AddIndex(
            model_name='heldtext',
            index=models.Index(models.F('author'), models.OrderBy(models.F('submitted_at'), descending=True), name='held_idea_text_author'),
        ),
        migrations.AddConstraint(
            model_name='heldtext',
            constraint=models.CheckConstraint(condition=models.Q(('released_at__isnull', True), models.Q(('refused_at__isnull', True), ('withdrawn_at__isnull', True)), _connector='OR'), name='held_idea_text_one_end'),
        ),
        migrations.AddConstraint(
            model_name='heldtext',
            constraint=models.UniqueConstraint(condition=models.Q(('refused_at__isnull', True), ('released_at__isnull', True), ('sort__in', ('idea', 'correction')), ('withdrawn_at__isnull', True)), fields=('idea', 'sort'), name='held_idea_text_once'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(models.F('idea'), models.OrderBy(models.F('happened_on'), descending=True), models.OrderBy(models.F('id'), descending=True), name='idea_event_of'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='idea_event_recent'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('told_at__isnull', True)), fields=['id'], name='idea_event_untold'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'step'), models.Q(('text', ''), _negated=True), _connector='OR'), name='idea_event_said', violation_error_message='Dites en quelques mots ce qui change.'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('date_after__isnull', False), ('date_before__isnull', False), ('kind', 'date')), models.Q(models.Q(('kind', 'date'), _negated=True), ('date_after__isnull', True), ('date_before__isnull', True)), _connector='OR'), name='idea_event_dates'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(models.F('idea'), models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('parent__isnull', True)), name='idea_comment_recent'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(models.F('idea'), models.OrderBy(models.F('reply_count'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('parent__isnull', True)), name='idea_comment_discussed'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['parent', 'published_at'], name='idea_comment_replies'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('hidden_at__isnull', True), ('withdrawn_at__isnull', True)), name='idea_comment_published'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('is_question', False), models.Q(('criterion', ''), ('parent__isnull', True), ('stance', 'neutral')), _connector='OR'), name='idea_comment_question_alone'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(models.OrderBy(models.F('published_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='idea_answer_recent'),
        ),
        migrations.AddIndex(
            model_name='answer',
            index=models.Index(condition=models.Q(('told_at__isnull', True)), fields=['id'], name='idea_answer_untold'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.UniqueConstraint(fields=('idea', 'number'), name='idea_answer_number_once'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('signatory', ''), _negated=True)), name='idea_answer_reasoned_and_signed', violation_error_message='Une réponse donne ses raisons et la fonction de qui la signe.'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'declined'), _negated=True), models.Q(('remedy', ''), _negated=True), _connector='OR'), name='idea_answer_refusal_says_what_next', violation_error_message='Dites ce que l’auteur peut faire ensuite.'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'transferred'), _negated=True), models.Q(('handed_to', ''), _negated=True), _connector='OR'), name='idea_answer_says_to_whom', violation_error_message='Dites à qui l’idée est transmise.'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ('kept', 'partly')), _negated=True), models.Q(('next_on__isnull', False), models.Q(('next_step', ''), _negated=True)), _connector='OR'), name='idea_answer_kept_has_next_step', violation_error_message='Une idée retenue a une prochaine étape, datée.'),
        ),
        migrations.AddConstraint(
            model_name='answer',
            constraint=models.CheckConstraint(condition=models.Q(('number', 1), models.Q(('correction', ''), _negated=True), _connector='OR'), name='idea_answer_says_what_it_corrects', violation_error_message='Dites ce que cette réponse corrige.'),
        ),
        migrations.AddConstraint(
            model_name='ideaversion',
            constraint=models.UniqueConstraint(fields=('idea', 'number'), name='idea_version_number_once'),
        ),
        migrations.AddConstraint(
            model_name='milestone',
            constraint=models.UniqueConstraint(fields=('idea', 'step'), name='milestone_once'),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.UniqueConstraint(fields=('idea', 'position'), name='idea_photo_position_once'),
        ),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.CheckConstraint(condition=models.Q(('position__range', (1, 3))), name='idea_photo_at_most_three', violation_error_message='Trois photos au plus.'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(fields=('idea', 'number'), name='reading_number_once'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.CheckConstraint(condition=models.Q(('score__lte', 100)), name='reading_score_of_hundred'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.UniqueConstraint(fields=('reading', 'code'), name='criterion_once'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('level__range', (0, 4))), name='criterion_level'),
        ),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='criterion_reasoned'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('ground', ''), _negated=True), name='study_grounded'),
        ),
        migrations.AddConstraint(
            model_name='studypart',
            constraint=models.UniqueConstraint(fields=('study', 'service'), name='study_part_once_per_service'),
        ),
        migrations.AddConstraint(
            model_name='studypart',
            constraint=models.CheckConstraint(condition=models.Q(('given_at__isnull', True), models.Q(('feasibility', ''), _negated=True), _connector='OR'), name='study_part_concludes'),
        ),
        migrations.AddConstraint(
            model_name='studypart',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('feasibility', 'if'), _negated=True), models.Q(('condition', ''), _negated=True), _connector='OR'), name='study_part_conditioned', violation_error_message='Dites à quelle condition c’est faisable.'),
        ),
        migrations.AddConstraint(
            model_name='support',
            constraint=models.UniqueConstraint(fields=('idea', 'person'), name='support_once_per_person'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.UniqueConstraint(fields=('campaign', 'supports'), name='threshold_supports_once', violation_error_message='Deux seuils demandent le même nombre de soutiens.'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.UniqueConstraint(condition=models.Q(('opens_study', True)), fields=('campaign',), name='threshold_one_opens_study', violation_error_message='Un seul seuil ouvre l’étude.'),
        ),
        migrations.AddConstraint(
            model_name='threshold',
            constraint=models.CheckConstraint(condition=models.Q(('supports__gte', 1)), name='threshold_at_least_one'),
        ),
        migrations.AddConstraint(
            model_name='thresholdpassing',
            constraint=models.UniqueConstraint(fields=('idea', 'threshold', 'percent'), name='threshold_passed_once'),
        ),
        migrations.AddConstraint(
            model_name='thresholdpassing',
            constraint=models.CheckConstraint(condition=models.Q(('percent__in', (50, 100))), name='threshold_passing_percent'),
        ),
    ]

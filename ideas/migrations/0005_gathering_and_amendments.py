"""Ideas gathered under one, changes proposed by others, news of authors."""

import django.db.models.deletion
import mulhouse.references
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('desk', '0004_namesakes_index'),
        ('ideas', '0004_campaign_votes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='idea',
            name='gathers',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False, verbose_name='idées réunies'),
        ),
        migrations.CreateModel(
            name='Gathering',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('cause', models.CharField(blank=True, choices=[('held', 'Dans cette campagne, chaque texte est relu avant de paraître.'), ('new_account', 'Votre texte contient un lien et votre compte est récent\xa0: il est relu avant de paraître.'), ('masking', 'Vous avez gardé des données qui peuvent être personnelles\xa0: votre texte est relu avant de paraître.')], max_length=12, verbose_name='raison de l’attente')),
                ('submitted_at', models.DateTimeField(verbose_name='déposé le')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refusé le')),
                ('refused_clause', models.CharField(blank=True, max_length=8, verbose_name='article de la charte')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retiré le')),
                ('is_of_city', models.BooleanField(default=False, verbose_name='proposé par la Ville')),
                ('title', models.CharField(max_length=120, verbose_name='titre')),
                ('need', models.TextField(verbose_name='le besoin')),
                ('proposal', models.TextField(verbose_name='la proposition')),
                ('answers_until', models.DateField(verbose_name='réponses jusqu’au')),
                ('opened_at', models.DateTimeField(blank=True, null=True, verbose_name='ouvert le')),
                ('asked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='soutiens interrogés le')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='terminé le')),
                ('end', models.CharField(blank=True, choices=[('lapsed', 'Il restait moins de deux idées'), ('cancelled', 'Proposition retirée'), ('refused', 'Texte non publié par la modération'), ('city', 'Séparé par la Ville'), ('authors', 'Séparé par les auteurs')], max_length=9, verbose_name='fin')),
                ('end_reason', models.CharField(blank=True, max_length=300, verbose_name='motif public')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_%(class)s_set', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gatherings', to='ideas.campaign')),
                ('parent', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='gathering', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'regroupement d’idées',
                'verbose_name_plural': 'regroupements d’idées',
                'ordering': ('-submitted_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='GatheredIdea',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer', models.CharField(blank=True, choices=[('', 'Sans réponse'), ('yes', 'D’accord'), ('no', 'Pas d’accord')], max_length=3, verbose_name='réponse')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='réponse le')),
                ('is_live', models.BooleanField(default=True)),
                ('stage_before', models.CharField(blank=True, choices=[('support', 'Recueille des soutiens'), ('expired', 'Délai passé'), ('study', 'À l’étude'), ('kept', 'Retenue'), ('declined', 'Non retenue'), ('already', 'Déjà fait'), ('transferred', 'Transmise'), ('going_on', 'En réalisation'), ('done', 'Réalisée'), ('abandoned', 'Abandonnée'), ('gathered', 'Regroupée')], max_length=11, verbose_name='étape d’avant')),
                ('leaving_at', models.DateTimeField(blank=True, null=True, verbose_name='séparation demandée le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gatherings', to='ideas.idea')),
                ('gathering', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='ideas.gathering')),
            ],
            options={
                'verbose_name': 'idée regroupée',
                'verbose_name_plural': 'idées regroupées',
                'ordering': ('pk',),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CarryAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_yes', models.BooleanField(verbose_name='compte pour l’idée qui réunit')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='idea_carry_answers', to='desk.person')),
                ('support', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='carry', to='ideas.support')),
                ('gathering', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='ideas.gathering')),
            ],
            options={
                'verbose_name': 'réponse d’un soutien à un regroupement',
                'verbose_name_plural': 'réponses de soutiens à des regroupements',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='LikelyPair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('likeness', models.FloatField(verbose_name='ressemblance (sur 1)')),
                ('found_at', models.DateTimeField(verbose_name='trouvée le')),
                ('dismissed_at', models.DateTimeField(blank=True, null=True, verbose_name='écartée le')),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ideas.idea')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'paire d’idées proches',
                'verbose_name_plural': 'paires d’idées proches',
                'ordering': ('-likeness', '-pk'),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Amendment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('cause', models.CharField(blank=True, choices=[('held', 'Dans cette campagne, chaque texte est relu avant de paraître.'), ('new_account', 'Votre texte contient un lien et votre compte est récent\xa0: il est relu avant de paraître.'), ('masking', 'Vous avez gardé des données qui peuvent être personnelles\xa0: votre texte est relu avant de paraître.')], max_length=12, verbose_name='raison de l’attente')),
                ('submitted_at', models.DateTimeField(verbose_name='déposé le')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refusé le')),
                ('refused_clause', models.CharField(blank=True, max_length=8, verbose_name='article de la charte')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retiré le')),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masqué le')),
                ('hidden_reason', models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='article de la charte')),
                ('title', models.CharField(blank=True, max_length=120, verbose_name='titre proposé')),
                ('need', models.TextField(blank=True, verbose_name='besoin proposé')),
                ('proposal', models.TextField(blank=True, verbose_name='proposition proposée')),
                ('reason', models.CharField(max_length=300, verbose_name='pourquoi')),
                ('digest', models.CharField(max_length=64, verbose_name='empreinte du texte d’avant')),
                ('state', models.CharField(choices=[('waiting', 'En attente de l’auteur'), ('accepted', 'Acceptée'), ('declined', 'Non retenue')], default='waiting', max_length=8, verbose_name='état')),
                ('answer', models.CharField(blank=True, max_length=300, verbose_name='mot de l’auteur')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='réponse le')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_%(class)s_set', to=settings.AUTH_USER_MODEL)),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to='ideas.idea')),
                ('version', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='amendments', to='ideas.ideaversion')),
            ],
            options={
                'verbose_name': 'modification proposée',
                'verbose_name_plural': 'modifications proposées',
                'ordering': ('-submitted_at', '-pk'),
                'indexes': [models.Index(models.F('idea'), models.OrderBy(models.F('submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='idea_amendment_of'), models.Index(models.F('author'), models.OrderBy(models.F('submitted_at'), descending=True), name='idea_amendment_author')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('need', ''), _negated=True), models.Q(('proposal', ''), _negated=True), _connector='OR'), name='idea_amendment_changes', violation_error_message='Changez au moins le titre, le besoin ou la proposition.'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('answered_at__isnull', False), ('released_at__isnull', False)), _connector='OR'), name='idea_amendment_answered')],
            },
        ),
        migrations.CreateModel(
            name='AuthorNews',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=mulhouse.references.new_reference, editable=False, max_length=8, unique=True, verbose_name='référence')),
                ('cause', models.CharField(blank=True, choices=[('held', 'Dans cette campagne, chaque texte est relu avant de paraître.'), ('new_account', 'Votre texte contient un lien et votre compte est récent\xa0: il est relu avant de paraître.'), ('masking', 'Vous avez gardé des données qui peuvent être personnelles\xa0: votre texte est relu avant de paraître.')], max_length=12, verbose_name='raison de l’attente')),
                ('submitted_at', models.DateTimeField(verbose_name='déposé le')),
                ('released_at', models.DateTimeField(blank=True, null=True, verbose_name='publié le')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refusé le')),
                ('refused_clause', models.CharField(blank=True, max_length=8, verbose_name='article de la charte')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='retiré le')),
                ('hidden_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='masqué le')),
                ('hidden_reason', models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='article de la charte')),
                ('body', models.TextField(verbose_name='texte')),
                ('body_html', models.TextField(verbose_name='texte affiché')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='idea_%(class)s_set', to=settings.AUTH_USER_MODEL)),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to='ideas.idea')),
            ],
            options={
                'verbose_name': 'nouvelle de l’auteur d’une idée',
                'verbose_name_plural': 'nouvelles d’auteurs d’idées',
                'ordering': ('-submitted_at', '-pk'),
                'indexes': [models.Index(models.F('idea'), models.OrderBy(models.F('submitted_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='idea_author_news_of'), models.Index(models.F('author'), models.OrderBy(models.F('submitted_at'), descending=True), name='idea_author_news_author')],
            },
        ),
        migrations.AddIndex(
            model_name='gathering',
            index=models.Index(models.F('id'), condition=models.Q(('ended_at__isnull', True), ('opened_at__isnull', True)), name='gathering_waiting'),
        ),
        migrations.AddIndex(
            model_name='gathering',
            index=models.Index(condition=models.Q(('asked_at__isnull', True), ('opened_at__isnull', False)), fields=['id'], name='gathering_unasked'),
        ),
        migrations.AddConstraint(
            model_name='gathering',
            constraint=models.CheckConstraint(condition=models.Q(('opened_at__isnull', True), models.Q(('parent__isnull', False), ('released_at__isnull', False)), _connector='OR'), name='gathering_open_has_idea'),
        ),
        migrations.AddConstraint(
            model_name='gathering',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('end', ''), _negated=True)), _connector='OR'), name='gathering_end_said'),
        ),
        migrations.AddConstraint(
            model_name='gathering',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end', 'city'), _negated=True), models.Q(('end_reason', ''), _negated=True), _connector='OR'), name='gathering_separated_reasoned', violation_error_message='Dites pourquoi, en une phrase\xa0: tout le monde la lira.'),
        ),
        migrations.AddConstraint(
            model_name='gatheredidea',
            constraint=models.UniqueConstraint(fields=('gathering', 'idea'), name='gathered_idea_once'),
        ),
        migrations.AddConstraint(
            model_name='gatheredidea',
            constraint=models.UniqueConstraint(condition=models.Q(('is_live', True)), fields=('idea',), name='gathered_idea_one_gathering'),
        ),
        migrations.AddConstraint(
            model_name='carryanswer',
            constraint=models.UniqueConstraint(fields=('gathering', 'person'), name='carry_answer_once'),
        ),
        migrations.AddConstraint(
            model_name='carryanswer',
            constraint=models.CheckConstraint(condition=models.Q(('is_yes', True), ('support__isnull', True), _connector='OR'), name='carry_answer_no_counts_nothing'),
        ),
        migrations.AddIndex(
            model_name='likelypair',
            index=models.Index(models.OrderBy(models.F('likeness'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('dismissed_at__isnull', True)), name='likely_pair_queue'),
        ),
        migrations.AddConstraint(
            model_name='likelypair',
            constraint=models.UniqueConstraint(fields=('first', 'second'), name='likely_pair_once'),
        ),
        migrations.AddConstraint(
            model_name='likelypair',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='likely_pair_ordered'),
        ),
    ]

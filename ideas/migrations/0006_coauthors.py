"""Who signs an idea with its author, invited by e-mail."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ideas', '0005_gathering_and_amendments'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CoAuthor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='clé')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='adresse invitée')),
                ('state', models.CharField(choices=[('invited', 'Attend une réponse'), ('accepted', 'Signe l’idée'), ('declined', 'A refusé, ou ne signe plus'), ('cancelled', 'Invitation annulée'), ('expired', 'Sans réponse')], default='invited', max_length=9, verbose_name='état')),
                ('invited_at', models.DateTimeField(verbose_name='invité le')),
                ('sent', models.PositiveSmallIntegerField(default=0, verbose_name='courriels envoyés')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='réponse le')),
                ('idea', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coauthors', to='ideas.idea')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='idea_coauthorships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'co-auteur d’une idée',
                'verbose_name_plural': 'co-auteurs d’idées',
                'ordering': ('pk',),
                'indexes': [models.Index(condition=models.Q(('state', 'invited')), fields=['email'], name='coauthor_waited_for'), models.Index(condition=models.Q(('state', 'invited')), fields=['invited_at'], name='coauthor_invited_at')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'invited')), fields=('idea', 'email'), name='coauthor_invited_once_per_address'), models.UniqueConstraint(condition=models.Q(('state', 'accepted')), fields=('idea', 'user'), name='coauthor_accepted_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'invited'), ('user__isnull', True), models.Q(('email', ''), _negated=True)), models.Q(('answered_at__isnull', False), ('email', ''), ('state', 'accepted'), ('user__isnull', False)), models.Q(('email', ''), ('state__in', ('declined', 'cancelled', 'expired')), ('user__isnull', True)), _connector='OR'), name='coauthor_known_by_one_thing'), models.CheckConstraint(condition=models.Q(('sent__lte', 2)), name='coauthor_sent_twice_at_most')],
            },
        ),
    ]

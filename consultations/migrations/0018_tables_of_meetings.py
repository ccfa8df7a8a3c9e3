"""The tables of meetings whose notes an agent enters."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consultations', '0017_following'),
    ]

    operations = [
        migrations.CreateModel(
            name='TableNotes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='clé')),
                ('table', models.CharField(max_length=30, verbose_name='table')),
                ('gathering', models.CharField(max_length=30, verbose_name='rencontre')),
                ('held_on', models.DateField(verbose_name='date de la rencontre')),
                ('rapporteur', models.CharField(max_length=80, verbose_name='fonction de qui a pris les notes')),
                ('people', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='personnes à la table')),
                ('entered_at', models.DateTimeField(verbose_name='saisies le')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tables', to='consultations.consultation')),
            ],
            options={
                'verbose_name': 'notes d’une table',
                'verbose_name_plural': 'notes des tables',
                'ordering': ('held_on', 'pk'),
            },
        ),
    ]

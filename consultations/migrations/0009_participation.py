"""The ledger of who took part in a consultation: each person once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('city', '0003_names'),
        ('consultations', '0008_items_of_contributions'),
        ('desk', '0001_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='Participation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_key', models.CharField(blank=True, max_length=180, null=True, unique=True, verbose_name='pseudonyme d’import')),
                ('channel', models.CharField(choices=[('web', 'en ligne'), ('desk', 'au guichet'), ('paper', 'sur papier'), ('phone', 'par téléphone'), ('room', 'en réunion'), ('import', 'reprise d’une autre plateforme')], max_length=8, verbose_name='premier canal')),
                ('age_band', models.CharField(blank=True, choices=[('0-17', 'moins de 18 ans'), ('18-24', '18 à 24 ans'), ('25-39', '25 à 39 ans'), ('40-59', '40 à 59 ans'), ('60-74', '60 à 74 ans'), ('75+', '75 ans et plus')], max_length=5, verbose_name='tranche d’âge')),
                ('first_on', models.DateField(verbose_name='premier geste le')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participations', to='consultations.consultation')),
                ('district', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='city.district', verbose_name='quartier')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consultation_participations', to='desk.person')),
            ],
            options={
                'verbose_name': 'participation',
                'verbose_name_plural': 'participations',
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('consultation', 'person'), name='participation_once'), models.CheckConstraint(condition=models.Q(models.Q(('person__isnull', False), ('source_key__isnull', True)), models.Q(('person__isnull', True), ('source_key__isnull', False)), _connector='OR'), name='participation_of_one')],
            },
        ),
    ]

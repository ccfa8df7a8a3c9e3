import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('consultations', '0003_channels_of_the_desk'),
        ('questionnaires', '0001_questionnaires'),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsultationQuestionnaire',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='ordre')),
                ('consultation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questionnaire_links', to='consultations.consultation')),
                ('questionnaire', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='consultation_link', to='questionnaires.questionnaire')),
            ],
            options={
                'verbose_name': 'questionnaire d’une consultation',
                'verbose_name_plural': 'questionnaires des consultations',
                'ordering': ('position', 'pk'),
            },
        ),
    ]

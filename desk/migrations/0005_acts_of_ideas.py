"""Receipts of the two new acts of the desk: an idea, and a support of one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('desk', '0004_namesakes_index'),
    ]

    operations = [
        migrations.AlterField(
            model_name='receipt',
            name='act',
            field=models.CharField(choices=[('contribution', 'un avis'), ('answers', 'des réponses à un questionnaire'), ('vote', 'une inscription sur la liste d’un vote'), ('idea', 'une idée'), ('support', 'un soutien à une idée')], max_length=12, verbose_name='acte'),
        ),
    ]

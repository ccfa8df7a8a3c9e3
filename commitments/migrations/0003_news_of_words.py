from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """New words are news, with what they were and what they are."""

    dependencies = (("commitments", "0002_news_append_only"),)

    operations = (
        migrations.AddField(
            model_name="commitmentnews",
            name="changes",
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name="ce qui a changé"),
        ),
        migrations.AlterField(
            model_name="commitmentnews",
            name="kind",
            field=models.CharField(
                choices=[
                    ("published", "Engagement publié"),
                    ("progress", "Nouvelle"),
                    ("due_date", "Échéance changée"),
                    ("words", "Texte modifié"),
                ],
                default="progress",
                max_length=9,
                verbose_name="sorte",
            ),
        ),
        migrations.AddConstraint(
            model_name="commitmentnews",
            constraint=models.CheckConstraint(
                condition=(Q(kind="words") & ~Q(changes=[])) | (~Q(kind="words") & Q(changes=[])),
                name="commitment_news_changes",
            ),
        ),
    )

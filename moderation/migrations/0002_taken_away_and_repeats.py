from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0001_the_queue"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="taken_away",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="report",
            name="origin",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="report",
            name="is_repeat",
            field=models.BooleanField(default=False, verbose_name="répète un premier"),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_limited_since")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="suspended_until",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="fermé jusqu’au"),
        ),
    ]

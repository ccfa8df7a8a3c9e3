from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_blocked_until")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="limited_since",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="données mises de côté depuis le"
            ),
        ),
    ]

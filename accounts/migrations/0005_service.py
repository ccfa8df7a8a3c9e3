import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_suspended_until"), ("city", "0006_tiles")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="service",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="agents",
                to="city.service",
                verbose_name="service",
            ),
        ),
    ]

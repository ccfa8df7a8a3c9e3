from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('desk', '0003_namesakes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='person',
            index=models.Index(condition=models.Q(('namesake_hash', ''), _negated=True), fields=['namesake_hash'], name='person_namesake'),
        ),
    ]

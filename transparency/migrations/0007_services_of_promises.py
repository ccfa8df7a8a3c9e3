"""Name the service that owes the answers promised before kinds said which: it is counted under its name, and reminded."""

from django.db import migrations

KINDS = ("accessibility", "data-request", "moderation-appeal")


def name_services(apps, schema_editor):
    """Name it where nobody did."""
    service = apps.get_model("city", "Service").objects.filter(slug="agence-participation").first()
    if service is not None:
        rows = apps.get_model("transparency", "Promise").objects.filter(kind__in=KINDS, service=None)
        rows.update(service=service)


class Migration(migrations.Migration):
    dependencies = [("transparency", "0006_promises_of_faults"), ("city", "0006_tiles")]

    operations = [migrations.RunPython(name_services, migrations.RunPython.noop)]

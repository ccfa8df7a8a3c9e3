"""Give the faults reported before promises were rows their own: nothing is set back."""

from zoneinfo import ZoneInfo

from django.db import migrations

PARIS = ZoneInfo("Europe/Paris")


def promise(apps, schema_editor):
    """Write the promises that are missing."""
    faults = apps.get_model("transparency", "AccessibilityFault").objects.order_by("pk")
    rows = apps.get_model("transparency", "Promise").objects
    for fault in faults.iterator():
        made_on, due_on = fault.received_at.astimezone(PARIS).date(), fault.due_at.astimezone(PARIS).date()
        rows.get_or_create(
            kind="accessibility",
            key=fault.reference,
            defaults={
                "title": f"Signalement d’accessibilité {fault.reference}",
                "route": "transparency:fault",
                "days": (due_on - made_on).days,
                "unit": "calendar",
                "made_on": made_on,
                "first_due_on": due_on,
                "due_on": due_on,
                "met_on": fault.answered_at and fault.answered_at.astimezone(PARIS).date(),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("transparency", "0005_promises")]

    operations = [migrations.RunPython(promise, migrations.RunPython.noop)]

"""What was written before the triggers enters the search."""

from django.db import migrations

KINDS = {
    "consultation": "consultations_consultation",
    "contribution": "consultations_contribution",
    "comment": "consultations_comment",
    "outcome": "consultations_outcome",
    "report": "consultations_report",
    "document": "consultations_document",
    "questionnaire": "consultations_consultationquestionnaire",
    "vote": "consultations_consultationvote",
}


class Migration(migrations.Migration):
    """Running it again changes nothing."""

    dependencies = (("consultations", "0024_search_follows_texts"),)
    operations = tuple(
        migrations.RunSQL(
            f"SELECT search_apply('{kind}', (SELECT array_agg(id ORDER BY id) FROM {table}))",  # noqa: S608 (names above)
            f"DELETE FROM search_document WHERE kind = '{kind}'",  # noqa: S608 (same)
        )
        for kind, table in KINDS.items()
    )

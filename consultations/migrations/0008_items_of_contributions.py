"""An item for each contribution published before there were items; running it again adds nothing."""

from django.db import migrations

FORWARD = """
INSERT INTO consultations_item (
    reference, consultation_id, contribution_id, kind, channel, section_id, district_id, received_at, title, words,
    place, draft_decision, draft_explanation, draft_forwarded_to, version
)
SELECT reference, consultation_id, id, kind, channel, section_id, district_id, published_at,
       CASE WHEN withdrawn_at IS NULL THEN title ELSE '' END, CASE WHEN withdrawn_at IS NULL THEN body ELSE '' END,
       CASE WHEN withdrawn_at IS NULL THEN 'waiting' ELSE 'withdrawn' END, '', '', '', 1
FROM consultations_contribution
WHERE published_at IS NOT NULL
ON CONFLICT (contribution_id) DO NOTHING
"""


class Migration(migrations.Migration):
    """Fill the items."""

    dependencies = (("consultations", "0007_outcomes_append_only"),)
    operations = (migrations.RunSQL(FORWARD, migrations.RunSQL.noop),)

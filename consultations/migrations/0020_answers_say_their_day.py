"""An answer keeps what was said of its theme on its day; one stored definition of what is ready; past endings are not told again."""

from django.db import migrations, models
from django.db.models import ExpressionWrapper, Q

# The best that is known of the answers published before: what is said of their theme today.
FORWARD = """
ALTER TABLE consultations_outcome DISABLE TRIGGER outcome_rows;
UPDATE consultations_outcome o SET summary = t.public_summary, is_minority = t.is_minority
FROM consultations_analysistheme t WHERE t.id = o.theme_id;
ALTER TABLE consultations_outcome ENABLE TRIGGER outcome_rows;

-- From now on an answer that ends without another one is told: those of before stay as they were.
INSERT INTO consultations_telling (consultation_id, given_at, begun_at, finished_at, people)
SELECT DISTINCT i.consultation_id, g.ended_at, now(), now(), 0
FROM consultations_itemoutcome g JOIN consultations_item i ON i.id = g.item_id
WHERE g.ended_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM consultations_itemoutcome n JOIN consultations_item j ON j.id = n.item_id
    WHERE j.consultation_id = i.consultation_id AND n.given_at = g.ended_at
)
ON CONFLICT DO NOTHING;
"""
# A working title that was shown as a public one becomes it.
TITLES = """
UPDATE consultations_analysistheme t SET public_title = o.subject FROM (
    SELECT DISTINCT ON (theme_id) theme_id, subject FROM consultations_outcome
    WHERE theme_id IS NOT NULL ORDER BY theme_id, published_at DESC, id DESC
) o WHERE o.theme_id = t.id AND t.public_title = '';
"""


def ready(*required):
    """Build the stored column `is_ready`, as the models do."""
    whole = ~Q(draft_decision="") & (~Q(draft_decision="forwarded") | Q(draft_forwarded_to__regex=r"\S"))
    for name in ("draft_explanation", *required):
        whole &= Q(**{f"{name}__regex": r"\S"})
    output = models.BooleanField()
    return models.GeneratedField(
        expression=ExpressionWrapper(whole, output_field=output), output_field=output, db_persist=True
    )


class Migration(migrations.Migration):

    dependencies = (("consultations", "0019_dated_and_kept"),)

    operations = (
        migrations.RunSQL(TITLES, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="outcome",
            name="summary",
            field=models.TextField(blank=True, db_default="", default="", verbose_name="ce qui est demandé"),
        ),
        migrations.AddField(
            model_name="outcome",
            name="is_minority",
            field=models.BooleanField(db_default=False, default=False, verbose_name="point de vue minoritaire"),
        ),
        migrations.AddField(model_name="item", name="is_ready", field=ready()),
        migrations.AddField(model_name="analysistheme", name="is_ready", field=ready("public_title")),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    )

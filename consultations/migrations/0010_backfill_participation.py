"""Everybody who signed something before there was a ledger enters it, one consultation at a time."""

from django.db import migrations

PERSONS = """
INSERT INTO desk_person (key, user_id, created_on)
SELECT gen_random_uuid(), a.user_id, current_date FROM ({acts}) a
WHERE NOT EXISTS (SELECT 1 FROM desk_person d WHERE d.user_id = a.user_id)
GROUP BY a.user_id ORDER BY a.user_id ON CONFLICT DO NOTHING
"""

# Positions and supports have no date: they are dated by what they answer.
ACTS = """
SELECT c.author_id AS user_id, c.published_at AS at FROM consultations_contribution c
WHERE c.consultation_id = %(consultation)s AND c.published_at IS NOT NULL AND c.author_id IS NOT NULL
UNION ALL
SELECT m.author_id, m.published_at FROM consultations_comment m
JOIN consultations_contribution c ON c.id = m.contribution_id
WHERE c.consultation_id = %(consultation)s AND m.author_id IS NOT NULL
UNION ALL
SELECT p.resident_id, c.published_at FROM consultations_position p
JOIN consultations_contribution c ON c.id = p.contribution_id
WHERE c.consultation_id = %(consultation)s AND p.resident_id IS NOT NULL
UNION ALL
SELECT s.resident_id, m.published_at FROM consultations_commentsupport s
JOIN consultations_comment m ON m.id = s.comment_id JOIN consultations_contribution c ON c.id = m.contribution_id
WHERE c.consultation_id = %(consultation)s AND s.resident_id IS NOT NULL
"""

ACCOUNTS = """
INSERT INTO consultations_participation (consultation_id, person_id, channel, district_id, age_band, first_on)
SELECT %(consultation)s, d.id, 'web', u.district_id,
       CASE WHEN a.year - u.birth_year >= 75 THEN '75+' WHEN a.year - u.birth_year >= 60 THEN '60-74'
            WHEN a.year - u.birth_year >= 40 THEN '40-59' WHEN a.year - u.birth_year >= 25 THEN '25-39'
            WHEN a.year - u.birth_year >= 18 THEN '18-24' WHEN a.year - u.birth_year >= 0 THEN '0-17' ELSE '' END,
       a.first_on
FROM (
    SELECT user_id, (min(at) AT TIME ZONE 'Europe/Paris')::date AS first_on,
           extract(year FROM min(at) AT TIME ZONE 'Europe/Paris') AS year
    FROM ({acts}) acts GROUP BY user_id
) a JOIN accounts_user u ON u.id = a.user_id JOIN desk_person d ON d.user_id = a.user_id
ORDER BY a.first_on, d.id ON CONFLICT DO NOTHING
"""

PSEUDONYMS = """
INSERT INTO consultations_participation (consultation_id, source_key, channel, age_band, first_on)
SELECT %(consultation)s, %(consultation)s || ':' || i.author_label, 'import', '',
       (min(i.at) AT TIME ZONE 'Europe/Paris')::date
FROM (
    SELECT c.author_label, c.published_at AS at FROM consultations_contribution c
    WHERE c.consultation_id = %(consultation)s AND c.channel = 'import' AND c.author_label <> ''
      AND c.published_at IS NOT NULL
    UNION ALL
    SELECT m.author_label, m.published_at FROM consultations_comment m
    JOIN consultations_contribution c ON c.id = m.contribution_id
    WHERE c.consultation_id = %(consultation)s AND m.channel = 'import' AND m.author_label <> ''
) i GROUP BY i.author_label ORDER BY 5, i.author_label ON CONFLICT DO NOTHING
"""


def backfill(apps, schema_editor):
    """Write what is missing; running it again writes nothing."""
    keys = list(apps.get_model("consultations", "Consultation").objects.order_by("pk").values_list("pk", flat=True))
    with schema_editor.connection.cursor() as cursor:
        for key in keys:
            for statement in (PERSONS, ACCOUNTS, PSEUDONYMS):
                cursor.execute(statement.replace("{acts}", ACTS), {"consultation": key})


class Migration(migrations.Migration):
    """The participants of before."""

    # One transaction a statement: the locks on people's rows are short.
    atomic = False
    dependencies = (("consultations", "0009_participation"),)
    operations = (migrations.RunPython(backfill, migrations.RunPython.noop),)

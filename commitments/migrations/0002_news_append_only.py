"""What the city said of a commitment is never rewritten: held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION commitment_news_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only that its followers were told is still to come, once.
    IF TG_OP = 'UPDATE' AND OLD.told_at IS NULL
        AND (to_jsonb(NEW) - 'told_at') = (to_jsonb(OLD) - 'told_at')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the news of a commitment is never changed nor deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER commitment_news_rows BEFORE UPDATE OR DELETE ON commitments_commitmentnews
    FOR EACH ROW EXECUTE FUNCTION commitment_news_append_only();
"""

BACKWARD = """
DROP TRIGGER commitment_news_rows ON commitments_commitmentnews;
DROP FUNCTION commitment_news_append_only();
"""


class Migration(migrations.Migration):
    """A trigger on news."""

    dependencies = (("commitments", "0001_commitments"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

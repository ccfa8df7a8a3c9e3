"""What the city answered is never rewritten: held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION outcome_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an outcome is never changed nor deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER outcome_rows BEFORE UPDATE OR DELETE ON consultations_outcome
    FOR EACH ROW EXECUTE FUNCTION outcome_append_only();

CREATE FUNCTION item_outcome_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
        AND (NEW.id, NEW.item_id, NEW.outcome_id, NEW.given_at) = (OLD.id, OLD.item_id, OLD.outcome_id, OLD.given_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was given is only ended, once' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER item_outcome_rows BEFORE UPDATE OR DELETE ON consultations_itemoutcome
    FOR EACH ROW EXECUTE FUNCTION item_outcome_ends_once();
"""

BACKWARD = """
DROP TRIGGER item_outcome_rows ON consultations_itemoutcome;
DROP FUNCTION item_outcome_ends_once();
DROP TRIGGER outcome_rows ON consultations_outcome;
DROP FUNCTION outcome_append_only();
"""


class Migration(migrations.Migration):
    """Triggers on outcomes and on what opinions received."""

    dependencies = (("consultations", "0006_items_and_outcomes"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

"""The rules of a published campaign stay, and so does what the city said of an idea: held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
-- Ideas keep the rules of the campaign they were deposited in. Only that another box takes its place is still to come, once.
CREATE FUNCTION idea_campaign_keeps_its_rules() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := '{idea_count,updated_at}';
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF OLD.replaced_on IS NULL THEN
        may_change := may_change || '{replaced_on}'::text[];
    END IF;
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - may_change) <> (to_jsonb(OLD) - may_change) THEN
        RAISE EXCEPTION 'a published campaign of ideas keeps its rules' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER idea_campaign_rows BEFORE UPDATE OR DELETE ON ideas_campaign
    FOR EACH ROW EXECUTE FUNCTION idea_campaign_keeps_its_rules();

CREATE FUNCTION idea_threshold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.campaign_id ELSE OLD.campaign_id END;
BEGIN
    PERFORM 1 FROM ideas_campaign WHERE id = held AND published_at IS NOT NULL;
    IF FOUND OR (TG_OP = 'UPDATE' AND NEW.campaign_id <> held) THEN
        RAISE EXCEPTION 'the thresholds of a published campaign of ideas stay' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER idea_threshold_rows BEFORE INSERT OR UPDATE OR DELETE ON ideas_threshold
    FOR EACH ROW EXECUTE FUNCTION idea_threshold_stays();

-- The columns named by the trigger may still be written once: that followers were told. The name of an agent may go.
CREATE FUNCTION idea_fact_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        IF after ->> 'agent_id' IS NULL THEN
            before := before - 'agent_id'; after := after - 'agent_id';
        END IF;
        IF before ->> 'told_at' IS NULL THEN
            before := before - 'told_at'; after := after - 'told_at';
        END IF;
        IF before = after THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what the city said of an idea is never changed nor deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER idea_reading_rows BEFORE UPDATE OR DELETE ON ideas_reading
    FOR EACH ROW EXECUTE FUNCTION idea_fact_stays();
CREATE TRIGGER idea_criterion_rows BEFORE UPDATE OR DELETE ON ideas_criterion
    FOR EACH ROW EXECUTE FUNCTION idea_fact_stays();
CREATE TRIGGER idea_answer_rows BEFORE UPDATE OR DELETE ON ideas_answer
    FOR EACH ROW EXECUTE FUNCTION idea_fact_stays();
CREATE TRIGGER idea_event_rows BEFORE UPDATE OR DELETE ON ideas_event
    FOR EACH ROW EXECUTE FUNCTION idea_fact_stays();
CREATE TRIGGER idea_passing_rows BEFORE UPDATE OR DELETE ON ideas_thresholdpassing
    FOR EACH ROW EXECUTE FUNCTION idea_fact_stays();
"""

BACKWARD = """
DROP TRIGGER idea_passing_rows ON ideas_thresholdpassing;
DROP TRIGGER idea_event_rows ON ideas_event;
DROP TRIGGER idea_answer_rows ON ideas_answer;
DROP TRIGGER idea_criterion_rows ON ideas_criterion;
DROP TRIGGER idea_reading_rows ON ideas_reading;
DROP FUNCTION idea_fact_stays();
DROP TRIGGER idea_threshold_rows ON ideas_threshold;
DROP FUNCTION idea_threshold_stays();
DROP TRIGGER idea_campaign_rows ON ideas_campaign;
DROP FUNCTION idea_campaign_keeps_its_rules();
"""


class Migration(migrations.Migration):
    """Triggers on the rules of campaigns and on what the city said."""

    dependencies = (("ideas", "0002_search_follows_ideas"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

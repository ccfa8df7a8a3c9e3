"""What a vote wrote stays as it was written: the roll, the ballots, the receipts, the paper counts. Held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
-- Ballots and receipts are only added, and no more once the vote is over.
CREATE FUNCTION ballot_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a ballot or a receipt is never changed nor deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    PERFORM 1 FROM ballots_votation
        WHERE id = NEW.votation_id AND (counted_at IS NOT NULL OR cancelled_at IS NOT NULL);
    IF FOUND THEN
        RAISE EXCEPTION 'this vote is over' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'vote_is_over';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER box_line_rows BEFORE INSERT OR UPDATE OR DELETE ON ballots_boxline
    FOR EACH ROW EXECUTE FUNCTION ballot_append_only();
CREATE TRIGGER box_line_whole BEFORE TRUNCATE ON ballots_boxline
    FOR EACH STATEMENT EXECUTE FUNCTION ballot_append_only();
CREATE TRIGGER receipt_rows BEFORE INSERT OR UPDATE OR DELETE ON ballots_receipt
    FOR EACH ROW EXECUTE FUNCTION ballot_append_only();
CREATE TRIGGER receipt_whole BEFORE TRUNCATE ON ballots_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION ballot_append_only();

-- A line of the roll stays, with its channel and its day. Its person follows the row they become when two rows are found to be
-- one person, and is cut in the end, for good.
CREATE FUNCTION roll_keeps_its_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM 1 FROM ballots_votation
            WHERE id = NEW.votation_id AND (counted_at IS NOT NULL OR cancelled_at IS NOT NULL);
        IF FOUND THEN
            RAISE EXCEPTION 'this vote is over' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'vote_is_over';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.person_id IS NOT NULL
        AND (to_jsonb(NEW) - 'person_id') = (to_jsonb(OLD) - 'person_id')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a line of the roll is never changed nor deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER roll_line_rows BEFORE INSERT OR UPDATE OR DELETE ON ballots_rollline
    FOR EACH ROW EXECUTE FUNCTION roll_keeps_its_lines();
CREATE TRIGGER roll_line_whole BEFORE TRUNCATE ON ballots_rollline
    FOR EACH STATEMENT EXECUTE FUNCTION roll_keeps_its_lines();

-- The result is computed from these again each time it is read: once counted, only the name of the agent may go.
CREATE FUNCTION paper_count_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.votation_id ELSE OLD.votation_id END;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.agent_id IS NULL AND (to_jsonb(NEW) - 'agent_id') = (to_jsonb(OLD) - 'agent_id') THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM ballots_votation WHERE id = held AND counted_at IS NOT NULL;
    IF FOUND OR (TG_OP = 'UPDATE' AND NEW.votation_id <> held) THEN
        RAISE EXCEPTION 'a paper count is never changed once the vote is counted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER paper_count_rows BEFORE INSERT OR UPDATE OR DELETE ON ballots_papercount
    FOR EACH ROW EXECUTE FUNCTION paper_count_stays();

-- Its rules and its options as well: another majority would be another result.
CREATE FUNCTION option_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.votation_id ELSE OLD.votation_id END;
BEGIN
    PERFORM 1 FROM ballots_votation WHERE id = held AND published_at IS NOT NULL;
    IF FOUND OR (TG_OP = 'UPDATE' AND NEW.votation_id <> held) THEN
        RAISE EXCEPTION 'the options of a published vote stay' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER option_rows BEFORE INSERT OR UPDATE OR DELETE ON ballots_option
    FOR EACH ROW EXECUTE FUNCTION option_stays();

CREATE FUNCTION votation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := CASE
        WHEN OLD.counted_at IS NOT NULL THEN '{roll_cleared_at,updated_at}'
        -- A constraint says what a cancelled vote may not become.
        WHEN OLD.cancelled_at IS NOT NULL THEN '{counted_at,roll_cleared_at,updated_at}'
        ELSE '{ends_on,first_ends_on,counted_at,cancelled_at,cancel_reason,roll_cleared_at,updated_at}'
    END;
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - may_change) <> (to_jsonb(OLD) - may_change) THEN
        RAISE EXCEPTION 'a published vote keeps its rules, a counted one its count' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER votation_rows BEFORE UPDATE OR DELETE ON ballots_votation
    FOR EACH ROW EXECUTE FUNCTION votation_stays();
"""

BACKWARD = """
DROP TRIGGER votation_rows ON ballots_votation;
DROP FUNCTION votation_stays();
DROP TRIGGER option_rows ON ballots_option;
DROP FUNCTION option_stays();
DROP TRIGGER paper_count_rows ON ballots_papercount;
DROP FUNCTION paper_count_stays();
DROP TRIGGER roll_line_whole ON ballots_rollline;
DROP TRIGGER roll_line_rows ON ballots_rollline;
DROP FUNCTION roll_keeps_its_lines();
DROP TRIGGER receipt_whole ON ballots_receipt;
DROP TRIGGER receipt_rows ON ballots_receipt;
DROP TRIGGER box_line_whole ON ballots_boxline;
DROP TRIGGER box_line_rows ON ballots_boxline;
DROP FUNCTION ballot_append_only();
"""


class Migration(migrations.Migration):
    """Triggers on everything a result is made of."""

    dependencies = (("ballots", "0002_extended_cancelled"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

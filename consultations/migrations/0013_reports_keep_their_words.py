"""What a published report says is never rewritten: held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION report_keeps_its_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- Only the PDF file of a published report is still to come.
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - '{pdf,pdf_size,pdf_state,pdf_asked_at}'::text[])
        = (to_jsonb(OLD) - '{pdf,pdf_size,pdf_state,pdf_asked_at}'::text[])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published report is never changed nor deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER report_rows BEFORE UPDATE OR DELETE ON consultations_report
    FOR EACH ROW EXECUTE FUNCTION report_keeps_its_words();
"""

BACKWARD = """
DROP TRIGGER report_rows ON consultations_report;
DROP FUNCTION report_keeps_its_words();
"""


class Migration(migrations.Migration):
    """A trigger on reports."""

    dependencies = (("consultations", "0012_reports"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

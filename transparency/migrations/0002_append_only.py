"""The register can only grow, by one line that follows the last: held by the database, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION register_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number bigint;
    last_seal text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'the register is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT number, seal INTO last_number, last_seal
        FROM transparency_registerline ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last_number, 0) + 1 OR NEW.previous <> coalesce(last_seal, repeat('0', 64)) THEN
        RAISE EXCEPTION 'line % does not follow line %', NEW.number, coalesce(last_number, 0)
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.seal <> encode(sha256(convert_to(NEW.previous || E'\\n' || NEW.content, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'line % is not sealed by its content', NEW.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER register_rows BEFORE INSERT OR UPDATE OR DELETE ON transparency_registerline
    FOR EACH ROW EXECUTE FUNCTION register_append_only();
CREATE TRIGGER register_whole BEFORE TRUNCATE ON transparency_registerline
    FOR EACH STATEMENT EXECUTE FUNCTION register_append_only();
"""

BACKWARD = """
DROP TRIGGER register_whole ON transparency_registerline;
DROP TRIGGER register_rows ON transparency_registerline;
DROP FUNCTION register_append_only();
"""


class Migration(migrations.Migration):
    """Triggers on the register."""

    dependencies = (("transparency", "0001_initial"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)

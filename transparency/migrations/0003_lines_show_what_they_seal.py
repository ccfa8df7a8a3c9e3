"""A line whose columns say otherwise than its sealed content is refused as well: the lists read the columns."""

from django.db import migrations

CHECKS = """
CREATE OR REPLACE FUNCTION register_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_number bigint;
    last_seal text;
    said json;
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
    {columns}
    RETURN NEW;
END $$;
"""
COLUMNS = """said := NEW.content::json;
    IF (said->>'numero')::bigint IS DISTINCT FROM NEW.number OR said->>'acte' IS DISTINCT FROM NEW.act
        OR said->>'par' IS DISTINCT FROM NEW.role OR said->>'objet' IS DISTINCT FROM NEW.subject
        OR (said->>'le')::timestamptz IS DISTINCT FROM NEW.at THEN
        RAISE EXCEPTION 'line % does not show what it seals', NEW.number USING ERRCODE = 'restrict_violation';
    END IF;"""


class Migration(migrations.Migration):
    """The triggers stay; the function they call checks more."""

    dependencies = (("transparency", "0002_append_only"),)
    operations = (
        migrations.RunSQL(CHECKS.replace("{columns}", COLUMNS), CHECKS.replace("{columns}", "").replace("    said json;\n", "")),
    )

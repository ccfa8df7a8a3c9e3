"""What is frozen when a consultation is published: which acts are open, what the city commits to, each version of the rules."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION ruleset_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.consultation_id, NEW.version, NEW.rules, NEW.digest, NEW.reason, NEW.in_force_at)
        IS DISTINCT FROM (OLD.consultation_id, OLD.version, OLD.rules, OLD.digest, OLD.reason, OLD.in_force_at) THEN
        RAISE EXCEPTION 'a ruleset is frozen: an amendment is a new version' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ruleset_rows BEFORE UPDATE ON consultations_ruleset
    FOR EACH ROW EXECUTE FUNCTION ruleset_frozen();
"""

BACKWARD = """
DROP TRIGGER ruleset_rows ON consultations_ruleset;
DROP FUNCTION ruleset_frozen();
"""


class Migration(migrations.Migration):
    """Rulesets, and three acts that can be closed."""

    dependencies = (("consultations", "0004_questionnaires"),)

    operations = (
        migrations.AddField(
            model_name="consultation",
            name="takes_contributions",
            field=models.BooleanField(db_default=True, default=True, verbose_name="recueille des avis écrits"),
        ),
        migrations.AddField(
            model_name="consultation",
            name="takes_positions",
            field=models.BooleanField(
                db_default=True, default=True, verbose_name="permet de prendre position sur un avis"
            ),
        ),
        migrations.AddField(
            model_name="consultation",
            name="takes_comments",
            field=models.BooleanField(db_default=True, default=True, verbose_name="permet de débattre d’un avis"),
        ),
        migrations.AddField(
            model_name="consultation",
            name="city_commitment",
            field=models.TextField(
                blank=True,
                db_default="",
                default="La Ville lit tous les avis. Elle dit ce que devient chacun, et pourquoi.",
                help_text="Ce que la Ville fera des avis\u00a0: les lire tous, répondre à chacun, suivre le résultat d’un vote…",
                verbose_name="ce à quoi la Ville s’engage",
            ),
        ),
        migrations.CreateModel(
            name="Ruleset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                ("rules", models.JSONField(verbose_name="règles")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte SHA-256")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="motif")),
                ("in_force_at", models.DateTimeField(verbose_name="en vigueur depuis le")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="annoncée le")),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rulesets",
                        to="consultations.consultation",
                    ),
                ),
            ],
            options={
                "verbose_name": "règles du jeu",
                "verbose_name_plural": "règles du jeu",
                "ordering": ("-version",),
                "constraints": (
                    models.UniqueConstraint(fields=("consultation", "version"), name="ruleset_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("version", 1), models.Q(("reason", ""), _negated=True), _connector="OR"),
                        name="ruleset_amendment_reasoned",
                    ),
                ),
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    )

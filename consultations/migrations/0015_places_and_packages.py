"""The district of the place of a contribution, and the archive packages."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("city", "0006_tiles"), ("consultations", "0014_secret_votes")]

    operations = [
        migrations.CreateModel(
            name="ArchivePackage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveSmallIntegerField(verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "demandé"),
                            ("making", "en préparation"),
                            ("ready", "prêt"),
                            ("failed", "échoué"),
                            ("replaced", "remplacé"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="état",
                    ),
                ),
                ("file", models.FileField(blank=True, upload_to="archives/", verbose_name="fichier")),
                ("size", models.PositiveBigIntegerField(default=0, verbose_name="taille (octets)")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="empreinte SHA-256")),
                ("content_print", models.CharField(blank=True, max_length=200, verbose_name="état des textes")),
                ("asked_at", models.DateTimeField(verbose_name="demandé le")),
                ("begun_at", models.DateTimeField(blank=True, null=True, verbose_name="commencé le")),
                ("made_at", models.DateTimeField(blank=True, null=True, verbose_name="fait le")),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packages",
                        to="consultations.consultation",
                    ),
                ),
            ],
            options={
                "verbose_name": "dossier d’archives",
                "verbose_name_plural": "dossiers d’archives",
                "ordering": ("-version",),
            },
        ),
        migrations.AddConstraint(
            model_name="archivepackage",
            constraint=models.UniqueConstraint(fields=("consultation", "version"), name="package_version_once"),
        ),
        migrations.AddConstraint(
            model_name="archivepackage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "making"))),
                fields=("consultation",),
                name="package_one_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="archivepackage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ready")), fields=("consultation",), name="package_one_ready"
            ),
        ),
        migrations.AddConstraint(
            model_name="archivepackage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    models.Q(
                        models.Q(("file", ""), _negated=True),
                        models.Q(("sha256", ""), _negated=True),
                        ("made_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="package_ready_whole",
            ),
        ),
        migrations.AddField(
            model_name="contribution",
            name="place_district",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="city.district",
                verbose_name="quartier du lieu",
            ),
        ),
    ]

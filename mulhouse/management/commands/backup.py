"""Save the database and the uploaded files into one archive."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from mulhouse import backups


class Command(BaseCommand):
    """Write one archive that `restore` puts back; the site may keep running.

    Raises: CommandError when the archive exists already, or pg_dump fails.
    """

    help = "Sauvegarde la base et les fichiers déposés dans une archive, pendant que le site fonctionne."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the path of the archive."""
        parser.add_argument("archive", nargs="?", type=Path, help="chemin de l’archive à écrire (.tar)")

    def handle(self, *, archive: Path | None, **_options: Any) -> None:
        """Save."""
        now = datetime.now(tz=UTC)
        if archive is None:
            folder = settings.STATE_DIR / "backups"
            folder.mkdir(mode=0o700, exist_ok=True)
            archive = folder / f"portail-{now:%Y%m%d-%H%M%S}.tar"
        with connection.cursor() as cursor:
            cursor.execute("show server_version")
            (server,) = cursor.fetchone()
        applied = MigrationRecorder(connection).migration_qs.order_by("-pk").values_list("app", "name").first()
        facts = {
            "saved_at": now.isoformat(timespec="seconds"),
            "postgres": str(server),
            "last_migration": ".".join(applied) if applied else "",
        }
        files = backups.own_files()
        try:
            backups.save(backups.own_database(), files, archive.absolute(), facts)
        except (RuntimeError, OSError) as error:
            raise CommandError(str(error)) from error
        size = archive.stat().st_size / 1_000_000
        self.stdout.write(f"• Sauvegardé : {archive} ({size:.0f} Mo, PostgreSQL {server}).")
        if files is None:
            self.stdout.write("• Les fichiers déposés sont dans le stockage S3 : ils se sauvegardent là-bas.")
        self.stdout.write("• Cette archive contient des données personnelles : chiffrez-la avant de la déplacer.")

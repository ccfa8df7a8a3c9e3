"""Put back what `backup` saved."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections

from mulhouse import backups


class Command(BaseCommand):
    """Replace the database and the uploaded files by those of an archive, then bring the structure up to date.

    Raises: CommandError when the archive is not one of ours, or a program fails before anything was replaced.
    Locks: connections to the database are cut while its name changes.
    """

    help = "Remet une sauvegarde. Ce qu’elle remplace est gardé à côté jusqu’à la remise suivante."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the archive and the confirmation."""
        parser.add_argument("archive", type=Path, help="archive écrite par backup")
        parser.add_argument("--yes", action="store_true", help="ne pas demander confirmation")

    def handle(self, *, archive: Path, yes: bool, **_options: Any) -> None:
        """Restore."""
        try:
            manifest = backups.read_manifest(archive)
        except (RuntimeError, OSError) as error:
            raise CommandError(str(error)) from error
        name = settings.DATABASES["default"]["NAME"]
        self.stdout.write(f"• Sauvegarde du {manifest['saved_at']}, PostgreSQL {manifest['postgres']}.")
        if not yes and input(f"Remplacer la base « {name} » et les fichiers ? (oui/non) ").strip() != "oui":
            raise CommandError("Rien n’a été changé.")
        connections.close_all()
        try:
            backups.put_back(
                archive.absolute(), backups.own_database(), backups.own_files() if manifest["files"] else None
            )
        except (RuntimeError, OSError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", interactive=False, verbosity=0)
        # What was computed from the replaced database, and tasks that speak of it; the sweeps find what is due.
        cache.clear()
        self.stdout.write(f"• Remis. L’ancienne base est gardée sous le nom {name}_before_restore.")
        self.stdout.write("• Vérifiez le registre : python manage.py verify_register")

"""`import_population`: how many people live in each district and of each age, from a CSV file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from city import importing

PROBLEMS_SHOWN = 50


class Command(BaseCommand):
    """Import the population; each wrong line is told by its number, and one wrong line stops everything.

    Shape: columns `quartier;tranche;habitants;annee;source`, and `estimation` (oui) where a number is no count.
    Raises: CommandError, with a code other than 0, when nothing could be imported.
    """

    help = "Importe la population par quartier et par âge (CSV). Peut être relancée sans risque."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FICHIER", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="lit tout, puis n’enregistre rien")

    def handle(self, *, file: Path, dry_run: bool, **_options: Any) -> None:
        """Read, write, say what was done."""
        if not file.is_file():
            raise CommandError(f"Fichier introuvable : {file}")
        try:
            reading = importing.read(file.read_text(encoding="utf-8").splitlines())
        except UnicodeDecodeError as error:
            raise CommandError("Ce fichier n’est pas en UTF-8.") from error
        for problem in reading.problems[:PROBLEMS_SHOWN]:
            self.stderr.write(self.style.WARNING(str(problem)))
        if reading.problems:
            raise CommandError(f"{len(reading.problems)} erreur(s) : rien n’a été importé.")
        if not reading.rows:
            raise CommandError("Ce fichier ne contient aucune ligne.")
        if dry_run:
            self.stdout.write(f"Essai : {len(reading.rows)} nombres lus, rien n’a été enregistré.")
            return
        self.stdout.write(self.style.SUCCESS(f"Population : {importing.save(rows=reading.rows)} nombres à jour."))

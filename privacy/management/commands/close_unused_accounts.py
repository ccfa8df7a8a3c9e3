"""`close_unused_accounts`: what the retention of unused accounts would do today, or does."""

from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.utils import timezone

from privacy import retention

WORDS = {
    1: "premier avertissement (24 mois)",
    2: "avertissement à 30 jours",
    3: "avertissement à 7 jours",
    4: "fermeture",
}


class Command(BaseCommand):
    """Say what is due today for the accounts that nobody uses; do it with --executer."""

    help = "Comptes inutilisés depuis 24 mois : dit ce qui est dû aujourd’hui ; --executer écrit, prévient et ferme."

    def add_arguments(self, parser: CommandParser) -> None:
        """Read whether to write; without it, nothing is."""
        parser.add_argument("--executer", action="store_true", help="écrire : prévenir et fermer (sinon, un essai)")

    def handle(self, *, executer: bool, **_options: Any) -> None:
        """Run, then say the numbers: never who."""
        report = retention.run(at=timezone.now(), write=executer)
        for step, words in WORDS.items():
            self.stdout.write(f"{words} : {report.steps[step]}")
        self.stdout.write(f"retours : {report.returned}")
        self.stdout.write(f"comptes d’agents inutilisés (jamais fermés ainsi) : {report.staff}")
        if not executer:
            self.stdout.write("Essai : rien n’a été écrit. Ajoutez --executer.")

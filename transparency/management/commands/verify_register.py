"""Check the whole register from the command line."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from transparency import verification


class Command(BaseCommand):
    """Recompute every seal. Exit code 1 when a line is wrong."""

    help = "Relit tout le registre public et recalcule chaque sceau. Code de sortie 1 si une ligne est fausse."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found; nothing is written."""
        verdict = verification.verify_whole()
        if verdict.broken_at is None:
            self.stdout.write(f"Registre intact : {verdict.lines} lignes. Dernier sceau : {verdict.head.seal}")
            return
        self.stderr.write(f"Ligne {verdict.broken_at} : {verification.explain(verdict.reason)}")
        self.stderr.write(f"Les {verdict.lines} lignes qui précèdent sont intactes.")
        sys.exit(1)

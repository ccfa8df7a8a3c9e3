"""Compare the stored counters with their rows, and put them right when asked."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consultations import counters


class Command(BaseCommand):
    """List wrong counters; exit with 1 when some are left."""

    help = "Compare les compteurs enregistrés aux lignes qu’ils comptent ; --repair les corrige."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--repair", action="store_true", help="corrige les compteurs faux")

    def handle(self, *, repair: bool, **_options: Any) -> None:
        """Count again, say what differs."""
        differences = counters.recount(repair=repair)
        for difference in differences:
            self.stdout.write(
                f"{difference.table} n° {difference.pk} : {difference.counter} vaut {difference.stored}, "
                f"{difference.counted} compté{'s' if difference.counted > 1 else ''}"
            )
        if not differences:
            self.stdout.write(self.style.SUCCESS("Tous les compteurs sont justes."))
        elif repair:
            self.stdout.write(self.style.SUCCESS(f"Corrigés : {len(differences)}."))
        else:
            sys.exit(1)

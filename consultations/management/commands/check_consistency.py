"""Compare the stored counters with their rows and the ledgers with who signed, and put them right when asked."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consultations import analysis, items, participation
from transparency import recounting


class Command(BaseCommand):
    """List wrong counters and missing participants; exit with 1 when some are left."""

    help = "Compare les compteurs et les participants enregistrés aux lignes qu’ils comptent ; --repair les corrige."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--repair", action="store_true", help="corrige les compteurs faux")

    def handle(self, *, repair: bool, **_options: Any) -> None:
        """Count again, say what differs."""
        differences = recounting.everything(repair=repair)
        for difference in differences:
            self.stdout.write(
                f"{difference.table} n° {difference.pk} : {difference.counter} vaut {difference.stored}, "
                f"{difference.counted} compté{'s' if difference.counted > 1 else ''}"
            )
        lacking = participation.missing()
        for one in lacking:
            self.stdout.write(
                f"Consultation n° {one.consultation_id} : il manque {one.people} "
                f"personne{'s' if one.people > 1 else ''} au registre des participants"
            )
        texts, misplaced = items.missing(), items.misplaced()
        unplaced = sum(len(keys) for keys in texts.values()) + len(misplaced)
        if unplaced:
            self.stdout.write(f"{unplaced} avis sans place, ou mal placés, dans le compte des réponses")
        if not differences and not lacking and not unplaced:
            self.stdout.write(self.style.SUCCESS("Tous les compteurs sont justes."))
        elif repair:
            analysis.repair(**texts, misplaced=misplaced)
            written = participation.repair(found=lacking)
            self.stdout.write(self.style.SUCCESS(f"Corrigés : {len(differences) + written + unplaced}."))
        else:
            sys.exit(1)

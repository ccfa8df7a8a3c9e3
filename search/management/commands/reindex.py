"""Put the search in order by hand: after a restore, or an accident."""

from typing import Any

from django.core.management import BaseCommand, CommandParser

from search import actions, pages, upkeep
from search.models import Document


class Command(BaseCommand):
    """Compare every document with its source, repair what differs, and count the words again."""

    help = "Compare la recherche avec les textes, répare ce qui diffère, et refait le lexique."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what can be left out."""
        parser.add_argument(
            "--pages", action="store_true", help="seulement les pages du site, et le lexique s’il est vide"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what differed."""
        if not options["pages"]:
            found = upkeep.check()
            for kind, number in found.items():
                self.stdout.write(f"{kind} : {number} texte(s) différaient, réparés.")
            if not found:
                self.stdout.write("Chaque texte est dans la recherche tel qu’il est publié.")
        changed = actions.write_pages(pages=pages.read())
        self.stdout.write(f"Pages du site : {changed} changée(s).")
        words = actions.count_words()
        self.stdout.write(f"Lexique : {words} mots de {Document.objects.count()} textes.")

"""`seed_demo`: the demonstration city, loaded once; `make run` calls it at every start."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from consultations.demo import seeding
from mulhouse import demo, env
from mulhouse.errors import DomainError

# Data that do not belong to the repository stand beside it.
BESIDE = Path("shared") / "data" / "republique-numerique" / "opinions.jsonl"


class Command(BaseCommand):
    """Load the demonstration, with a progress bar; what a former run did is left alone, what it missed is done.

    Shape: dates are counted from today in Paris, on the day of the first run.
    Raises: CommandError in production, and when the real consultation can not be read.
    """

    help = "Charge la ville de démonstration : habitants, consultations, débats. Peut être relancée sans risque."

    def handle(self, *, verbosity: int, **_options: Any) -> None:
        """Load, then say what was done."""
        if settings.PRODUCTION:
            raise CommandError("seed_demo écrit des personnes inventées : elle ne sert pas en production.")
        quiet = True if verbosity == 0 else None  # None: silent as well where the output is not a terminal
        at = timezone.now()
        steps = [*seeding.Demonstration(at=at).steps(), *demo.steps(at=at)]
        changed = False
        with tqdm(steps, desc="Démonstration", unit="étape", disable=quiet, leave=False) as bar:
            for name, do in bar:
                bar.set_postfix_str(name)
                changed = do() or changed
        if verbosity and changed:
            self.stdout.write("Ville de démonstration chargée : habitants inventés, consultations, débats.")
        elif verbosity:
            self.stdout.write("Ville de démonstration déjà en place.")
        self._real(quiet=quiet, verbosity=verbosity)

    def _real(self, *, quiet: bool | None, verbosity: int) -> None:
        """Bring in the real consultation where its file is at hand."""
        if seeding.has_real():
            return
        file = Path(env.text("PORTAL_IMPORT", "") or settings.BASE_DIR.parent / BESIDE)
        if not file.is_file():
            if verbosity:
                self.stdout.write(
                    f"La consultation réelle « République numérique » n’est pas là ({file}) : "
                    "donnez son fichier par PORTAL_IMPORT pour l’ajouter."
                )
            return
        try:
            with tqdm(desc="République numérique", unit="contribution", disable=quiet, leave=False) as bar:
                report = seeding.load_real(file, progress=bar.update)
        except DomainError as error:
            raise CommandError(f"{file} : {error.message}") from error
        if verbosity:
            self.stdout.write(
                "Consultation réelle « République numérique » reprise : "
                f"{report.contributions.created} contributions, {report.comments.created} commentaires."
            )

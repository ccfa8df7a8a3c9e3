"""`import_consultation`: a consultation held elsewhere, brought into the portal from its file."""

import datetime as dt
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from django.core.management import BaseCommand, CommandError
from django.utils.text import slugify
from tqdm import tqdm

from city.models import Service, Theme
from consultations import capcollectif, importing
from mulhouse.errors import DomainError

Name = TypeVar("Name", Theme, Service)


class Command(BaseCommand):
    """Import the JSON lines of a consultation, with a progress bar and a summary.

    Shape: run again, it writes only what is new or changed. A line that can not be read is told by its number and left
    out; with --strict it stops everything before the first write.
    Raises: CommandError, with a code other than 0, when nothing could be imported.
    """

    help = "Importe une consultation tenue ailleurs (JSON, une contribution par ligne). Peut être relancée sans risque."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; the ones that describe the consultation are read only when it is created."""
        parser.add_argument("file", metavar="FICHIER", type=Path)
        parser.add_argument("--slug", default="", help="adresse de la consultation (par défaut : le nom du dossier)")
        parser.add_argument("--title", default="", help="titre")
        parser.add_argument("--theme", default="", help="identifiant du thème (par défaut : le premier)")
        parser.add_argument(
            "--service", default="", help="identifiant du service responsable (par défaut : le premier)"
        )
        parser.add_argument("--function", default="", help="fonction responsable dans le service")
        parser.add_argument("--summary", default="", help="« En bref », 120 mots au plus")
        parser.add_argument("--description", default="", help="présentation, en HTML simple")
        parser.add_argument("--decider", default="", help="qui décide")
        parser.add_argument("--origin", default="", help="d’où viennent les données : plateforme, années")
        parser.add_argument("--licence", default="", help="licence des données")
        parser.add_argument("--analyse-until", type=_day, metavar="AAAA-MM-JJ", help="dernier jour de l’analyse")
        parser.add_argument("--decide-until", type=_day, metavar="AAAA-MM-JJ", help="dernier jour de la décision")
        parser.add_argument("--follow", action="store_true", help="ajoute une phase de suivi, sans fin")
        parser.add_argument("--dry-run", action="store_true", help="fait tout, puis n’enregistre rien")
        parser.add_argument("--strict", action="store_true", help="n’importe rien si une seule ligne est illisible")

    def handle(self, *, file: Path, strict: bool, dry_run: bool, verbosity: int, **options: Any) -> None:
        """Read, write, say what was done."""
        if not file.is_file():
            raise CommandError(f"Fichier introuvable : {file}")
        quiet = True if verbosity == 0 else None  # None: silent as well where the output is not a terminal
        reading = capcollectif.read(_lines(file, quiet=quiet))
        self._tell_problems(reading.problems)
        if strict and reading.problems:
            raise CommandError(f"{len(reading.problems)} erreur(s) et --strict : rien n’a été importé.")
        slug = options["slug"] or slugify(file.resolve().parent.name)
        try:
            with tqdm(total=len(reading.opinions), desc="Écriture", unit="contribution", disable=quiet) as bar:
                report = importing.import_reading(
                    reading=reading, target=_target(slug, options), dry_run=dry_run, progress=bar.update
                )
        except DomainError as error:
            raise CommandError(error.message) from error
        if verbosity:
            self._tell(report, dry_run=dry_run)

    def _tell_problems(self, problems: list[capcollectif.Problem]) -> None:
        for problem in problems:
            self.stderr.write(self.style.WARNING(str(problem)))

    def _tell(self, report: importing.Report, *, dry_run: bool) -> None:
        rows = (("Contributions", report.contributions), ("Commentaires", report.comments), ("Sources", report.sources))
        for label, tally in rows:
            self.stdout.write(
                f"{label} : {tally.created} ajoutés, {tally.updated} mis à jour, {tally.unchanged} déjà à jour."
            )
        skipped = report.skipped_contributions + report.skipped_comments
        self.stdout.write(
            f"Écartés par leur plateforme : {skipped}. Illisibles, laissés de côté : {len(report.problems)}."
        )
        if dry_run:
            self.stdout.write("Essai : rien n’a été enregistré.")
        elif report.wrote:
            self.stdout.write(self.style.SUCCESS(f"Consultation « {report.slug} » à jour, une ligne au registre."))
        else:
            self.stdout.write("Tout était déjà là : rien n’a été écrit.")


def _day(written: str) -> dt.date:
    return dt.date.fromisoformat(written)


def _lines(file: Path, *, quiet: bool | None) -> Iterator[bytes]:
    """Give the lines of a file, and move the bar by their bytes."""
    with (
        file.open("rb") as lines,
        tqdm(
            total=file.stat().st_size, desc="Lecture", unit="o", unit_scale=True, disable=quiet, file=sys.stderr
        ) as bar,
    ):
        for line in lines:
            bar.update(len(line))
            yield line


def _target(slug: str, options: dict[str, Any]) -> importing.Target:
    return importing.Target(
        slug=slug,
        title=options["title"] or slug.replace("-", " ").capitalize(),
        theme=_named(Theme, options["theme"], "thème"),
        service=_named(Service, options["service"], "service"),
        service_function=options["function"],
        summary=options["summary"],
        description=options["description"],
        decider=options["decider"],
        origin=options["origin"],
        licence=options["licence"],
        analyse_until=options["analyse_until"],
        decide_until=options["decide_until"],
        has_follow_up=options["follow"],
    )


def _named(model: type[Name], slug: str, word: str) -> Name | None:
    """Find a theme or a service by its address form; the first one where none is asked for."""
    if not slug:
        return model.objects.order_by("position", "name").first()
    found = model.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(model.objects.order_by("slug").values_list("slug", flat=True))
        raise CommandError(f"Aucun {word} « {slug} ». Ceux de la Ville : {known}.")
    return found

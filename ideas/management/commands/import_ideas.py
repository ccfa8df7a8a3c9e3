"""`import_ideas`: the projects of another city, brought into a closed campaign from its spreadsheet."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from ideas import importing, mapped
from mulhouse.errors import DomainError
from mulhouse.typography import local_day

MAPPINGS = Path(importing.__file__).parent / "mappings"


class Command(BaseCommand):
    """Import a CSV file as a declared mapping says, with a progress bar and a summary.

    Shape: run again, it writes only what is new or changed. A line that can not be read is told by its number and left out; with
    --strict it stops everything before the first write.
    Raises: CommandError, with a code other than 0, when nothing could be imported.
    """

    help = "Importe les projets d’une autre ville (CSV et correspondance). Peut être relancée sans risque."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("file", metavar="FICHIER", type=Path)
        parser.add_argument(
            "--mapping",
            required=True,
            metavar="NOM",
            help="correspondance : un nom connu, ou le chemin d’un fichier .toml",
        )
        parser.add_argument("--dry-run", action="store_true", help="lit tout, et n’enregistre rien")
        parser.add_argument("--strict", action="store_true", help="n’importe rien si une seule ligne est illisible")

    def handle(self, *, file: Path, strict: bool, dry_run: bool, verbosity: int, **options: Any) -> None:
        """Read, write, say what was done."""
        at = timezone.now()
        mapping = _mapping(options["mapping"])
        reading = _read(file, mapping, today=local_day(at))
        for problem in reading.problems:
            self.stderr.write(self.style.WARNING(str(problem)))
        if not reading.projects:
            raise CommandError("Aucune ligne lisible : rien n’a été importé.")
        if strict and reading.problems:
            raise CommandError(f"{len(reading.problems)} erreur(s) et --strict : rien n’a été importé.")
        report = importing.Report()
        if not dry_run:
            self._write(mapping, reading, report, at, quiet=True if verbosity == 0 else None)
        if verbosity:
            self._tell(reading, report, dry_run=dry_run)

    def _write(
        self,
        mapping: mapped.Declared,
        reading: mapped.Reading,
        report: importing.Report,
        at: Any,
        *,
        quiet: bool | None,
    ) -> None:
        try:
            campaign = importing.open_campaign(mapping=mapping, at=at)
        except DomainError as error:
            raise CommandError(error.message) from error
        with tqdm(total=len(reading.projects), desc="Écriture", unit="idée", disable=quiet) as bar:
            for start in range(0, len(reading.projects), importing.BATCH):
                batch = reading.projects[start : start + importing.BATCH]
                importing.write_batch(campaign=campaign, projects=batch, report=report, at=at)
                bar.update(len(batch))
        importing.finish(campaign=campaign, mapping=mapping, report=report, left_out=len(reading.problems))

    def _tell(self, reading: mapped.Reading, report: importing.Report, *, dry_run: bool) -> None:
        left_out = f"Illisibles, laissées de côté : {len(reading.problems)}."
        if dry_run:
            self.stdout.write(f"Essai : {len(reading.projects)} lignes lisibles, rien n’a été enregistré. {left_out}")
            return
        self.stdout.write(
            f"Idées : {report.created} ajoutées, {report.updated} mises à jour, {report.unchanged} déjà à jour. {left_out}"
        )
        if report.themes:
            self.stdout.write(f"Thèmes ajoutés : {', '.join(report.themes)}.")
        if report.written:
            self.stdout.write(self.style.SUCCESS("Une ligne au registre."))
        else:
            self.stdout.write("Tout était déjà là : rien n’a été écrit.")


def _mapping(name: str) -> mapped.Declared:
    file = Path(name) if name.endswith(".toml") else MAPPINGS / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(each.stem for each in MAPPINGS.glob("*.toml")))
        raise CommandError(f"Aucune correspondance « {name} ». Celles d’ici : {known}.")
    try:
        return mapped.declaration(file.read_text(encoding="utf-8"), name=file.stem)
    except mapped.MappingError as error:
        raise CommandError(str(error)) from error


def _read(file: Path, mapping: mapped.Declared, *, today: Any) -> mapped.Reading:
    if not file.is_file():
        raise CommandError(f"Fichier introuvable : {file}")
    try:
        with file.open(encoding=mapping.encoding, newline="") as lines:
            return mapped.read(lines, mapping, today=today)
    except (mapped.MappingError, LookupError) as error:
        raise CommandError(str(error)) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"Le fichier n’est pas en {mapping.encoding}.") from error

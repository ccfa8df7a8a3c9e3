"""Compile the translation catalogues."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.utils.translation.reloader import translation_file_changed

from mulhouse import catalogs


class Command(BaseCommand):
    """Write the .mo files that are missing or older than their .po; part of every set-up."""

    help = "Compile les traductions (de, en) et les pluriels français."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--force", action="store_true", help="compile aussi ce qui est à jour")

    def handle(self, *, force: bool, **_options: Any) -> None:
        """Compile what needs it."""
        for language, _name in settings.LANGUAGES:
            if force or catalogs.is_stale(language):
                self.stdout.write(str(catalogs.compile_one(language)))
            # Loading the models already translated something, maybe while another process was compiling: this one forgets
            # what it read before.
            translation_file_changed(None, catalogs.catalogue_path(language, "mo"))

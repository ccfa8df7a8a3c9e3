"""Bring the translation catalogues up to date with the code and the templates."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from mulhouse import catalogs


class Command(BaseCommand):
    """Extract, merge, compile; says how much of each language is translated. Running it twice changes nothing."""

    help = "Met à jour les catalogues de traduction à partir du code et des gabarits."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        """Extract once; update each language."""
        messages = catalogs.extract()
        for language, _name in settings.LANGUAGES:
            catalog = catalogs.update(language, messages)
            catalogs.compile_one(language)
            done = sum(1 for message in catalog if message.id and all(_strings(message.string)))
            self.stdout.write(f"{language} : {done} messages traduits sur {len(catalog)}")


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (str(value),)

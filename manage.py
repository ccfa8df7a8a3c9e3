"""Run a command of the portal, with the embedded database and broker up where no address is configured."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

# They read no data, or (serve) look after the servers themselves.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compile_catalogs",
    "diffsettings",
    "findstatic",
    "help",
    "serve",
    "update_catalogs",
    "version",
}


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mulhouse.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 — Django is imported once it knows its settings
    from django.core.management import execute_from_command_line  # noqa: PLC0415 — same

    try:
        with _servers(sys.argv[1:2]):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def _servers(command: list[str]) -> AbstractContextManager[object]:
    if not command or WITHOUT_SERVERS.intersection(command):
        return nullcontext()
    from mulhouse.embedded.servers import EmbeddedServers  # noqa: PLC0415 — it reads the settings

    return EmbeddedServers()


if __name__ == "__main__":
    main()

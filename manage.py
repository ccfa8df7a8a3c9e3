"""Run a command of the portal, with the embedded database and broker up where no address is configured."""

import os
import sys
from contextlib import nullcontext

# They read no data, or (serve) look after the servers themselves.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compile_catalogs",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "serve",
    "version",
}


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mulhouse.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 — after the line above

    with nullcontext() if WITHOUT_SERVERS.intersection(sys.argv[1:2] or ["help"]) else _servers():
        execute_from_command_line(sys.argv)


def _servers() -> "EmbeddedServers":
    from mulhouse.embedded.servers import EmbeddedServers  # noqa: PLC0415 — reads the settings

    return EmbeddedServers()


if __name__ == "__main__":
    main()

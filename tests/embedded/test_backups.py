"""A backup is only one once it has been put back."""

import tarfile

import pytest

from mulhouse import backups
from tests.embedded.conftest import execute


@pytest.fixture
def database(scratch):
    execute(scratch, "drop schema public cascade; create schema public")
    execute(scratch, "create extension unaccent; create table voice (words text); insert into voice values ('Été')")
    setting = {"HOST": str(scratch.socket_dir), "PORT": "5432", "USER": "portal", "NAME": "portal"}
    return backups.database(setting, scratch.binary("pg_dump").parent)


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"before")
    return folder


@pytest.fixture
def archive(tmp_path, database, files):
    path = tmp_path / "saved.tar"
    backups.save(database, files, path, {"saved_at": "2026-11-22T20:00:00+00:00"})
    return path


def test_put_back_brings_back_rows_and_files(scratch, database, files, archive):
    execute(scratch, "update voice set words = 'lost'; create table later (n int)")
    (files / "photo.jpg").write_bytes(b"lost")
    (files / "later.jpg").write_bytes(b"later")

    backups.put_back(archive, database, files)

    assert execute(scratch, "select words, unaccent(words) from voice") == [("Été", "Ete")]
    assert execute(scratch, "select to_regclass('later')") == [(None,)]
    assert [(path.name, path.read_bytes()) for path in files.iterdir()] == [("photo.jpg", b"before")]


def test_put_back_keeps_what_it_replaces(scratch, database, files, archive):
    execute(scratch, "update voice set words = 'replaced'")

    backups.put_back(archive, database, files)

    assert database.named("portal_before_restore").run("psql", "-At", "-c", "select words from voice") == "replaced\n"
    assert (files.parent / "media.before-restore/photo.jpg").read_bytes() == b"before"


def test_put_back_a_second_time(scratch, database, files, archive):
    backups.put_back(archive, database, files)
    backups.put_back(archive, database, files)

    assert execute(scratch, "select words from voice") == [("Été",)]


def test_put_back_that_fails_changes_nothing(scratch, tmp_path, database, files, archive):
    broken = tmp_path / "broken.tar"
    with tarfile.open(archive) as whole:
        whole.extractall(tmp_path / "parts")
    dump = tmp_path / "parts" / backups.DUMP
    dump.write_bytes(dump.read_bytes()[:-200])
    with tarfile.open(broken, "w") as tar:
        for part in (tmp_path / "parts").iterdir():
            tar.add(part, part.name)
    execute(scratch, "update voice set words = 'today'")

    with pytest.raises(RuntimeError, match="pg_restore"):
        backups.put_back(broken, database, files)

    assert execute(scratch, "select words from voice") == [("today",)]


def test_put_back_cuts_off_whoever_is_connected(scratch, database, files, archive):
    import psycopg2  # noqa: PLC0415 — the driver itself, for a connection left open

    left_open = psycopg2.connect(**scratch.params())

    backups.put_back(archive, database, files)

    with pytest.raises(psycopg2.OperationalError), left_open.cursor() as cursor:
        cursor.execute("select 1")
    left_open.close()


def test_archive_is_readable_by_its_owner_only(archive):
    assert archive.stat().st_mode & 0o777 == 0o600


def test_save_writes_over_nothing(database, files, archive):
    before = archive.read_bytes()

    with pytest.raises(FileExistsError):
        backups.save(database, files, archive, {})

    assert archive.read_bytes() == before


def test_save_that_fails_leaves_no_archive(tmp_path, database, files):
    with pytest.raises(RuntimeError, match="pg_dump"):
        backups.save(database.named("nowhere"), files, tmp_path / "x.tar", {})

    assert [path.name for path in tmp_path.iterdir()] == ["media"]


def test_read_manifest_refuses_what_is_not_ours(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"not a tar")

    with pytest.raises(RuntimeError, match="n’est pas une sauvegarde"):
        backups.read_manifest(tmp_path / "x.tar")


@pytest.mark.parametrize("name", ["../outside", "/outside"])
def test_put_back_refuses_an_archive_that_writes_elsewhere(scratch, tmp_path, database, archive, name):
    with tarfile.open(archive, "a") as tar:
        entry = tarfile.TarInfo(name)
        tar.addfile(entry)
    execute(scratch, "update voice set words = 'today'")

    with pytest.raises(RuntimeError, match="entrée refusée"):
        backups.put_back(archive, database, None)

    assert execute(scratch, "select words from voice") == [("today",)]
